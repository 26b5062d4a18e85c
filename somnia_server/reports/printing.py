"""The child process that prints: HTML comes in, a PDF goes out; nothing is fetched from anywhere but our own fonts."""

import sys
from base64 import b64decode
from pathlib import Path
from urllib.parse import urlsplit

PICTURE = "data:image/svg+xml;base64,"
FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"


def main() -> int:
    """Print what comes in."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OnlyFonts(URLFetcher):  # type: ignore[misc]
        """Reads our own fonts and the drawing in the page; anything else that a page asks for is refused."""

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            if url.startswith(PICTURE):
                return URLFetcherResponse(url, b64decode(url.removeprefix(PICTURE)), {"Content-Type": "image/svg+xml"})
            path = Path(urlsplit(url).path).resolve()
            if urlsplit(url).scheme != "file" or path.parent != FONTS:
                raise ValueError("only the project's own fonts are read")
            return URLFetcherResponse(url, path.read_bytes())

    page = sys.stdin.buffer.read().decode()
    HTML(string=page, base_url=FONTS.as_uri() + "/", url_fetcher=OnlyFonts()).write_pdf(sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
