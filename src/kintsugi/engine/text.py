"""A sentence in the product's two languages."""

from typing import NamedTuple


class Text(NamedTuple):
    """One meaning in Simplified Chinese and English.

    The engine and the data contracts carry both languages with them, so that a library user,
    the command line and the screens show the same words.
    """

    zh: str
    en: str

    def get(self, language: str) -> str:
        """The sentence for a language tag: any ``zh…`` tag gives Chinese, all others English."""
        return self.zh if language.lower().startswith("zh") else self.en

    def fill(self, **facts: object) -> "Text":
        """Both sentences with ``{name}`` places replaced by facts."""
        return Text(self.zh.format(**facts), self.en.format(**facts))
