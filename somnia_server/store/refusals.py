"""What a person may not do, or said wrongly: an error whose sentence is for them."""

from somnia_engine.text import Text


class RefusalError(Exception):
    """Something was refused; `text` says what was given, what is allowed and what to do."""

    def __init__(self, text: Text) -> None:
        super().__init__(text.msgid)
        self.text = text
