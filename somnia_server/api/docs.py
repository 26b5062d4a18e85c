"""/api/docs: the document of the API, to read and to try; every part of the page is this server's own."""

from flask import Blueprint, render_template

docs = Blueprint("api_docs", __name__, url_prefix="/api")


@docs.get("/docs")
def read_docs() -> str:
    """Return the page on which the API can be read and tried."""
    return render_template("api_docs.html")
