"""The child process that prints: HTML comes in, a PDF goes out; nothing is fetched from anywhere but our own fonts."""

import sys
from pathlib import Path
from urllib.parse import urlsplit

FONTS = Path(__file__).resolve().parents[2] / "assets" / "fonts"


def main() -> int:
    """Print what comes in."""
    from weasyprint import HTML
    from weasyprint.urls import URLFetcher, URLFetcherResponse

    class OnlyFonts(URLFetcher):  # type: ignore[misc]
        """Reads our own fonts; anything else that a page asks for is refused."""

        def fetch(self, url: str, headers: object = None) -> URLFetcherResponse:
            path = Path(urlsplit(url).path).resolve()
            if urlsplit(url).scheme != "file" or path.parent != FONTS:
                raise ValueError("only the project's own fonts are read")
            return URLFetcherResponse(url, path.read_bytes())

    page = sys.stdin.buffer.read().decode()
    HTML(string=page, base_url=FONTS.as_uri() + "/", url_fetcher=OnlyFonts()).write_pdf(sys.stdout.buffer)
    return 0


if __name__ == "__main__":
    sys.exit(main())
