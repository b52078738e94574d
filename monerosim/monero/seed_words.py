"""Seed words: a wallet's secret key as 25 words (src/mnemonics/electrum-words.cpp)."""

from functools import cache
from importlib import import_module
from typing import Protocol

LANGUAGES = {
    "Deutsch": "German",
    "English": "English",
    "Español": "Spanish",
    "Français": "French",
    "Italiano": "Italian",
    "Nederlands": "Dutch",
    "Português": "Portuguese",
    "русский язык": "Russian",
    "日本語": "Japanese",
    "简体中文 (中国)": "Chinese (simplified)",
    "Esperanto": "Esperanto",
    "Lojban": "Lojban",
}
"""The languages, by the names that they have in themselves, with their English names."""

OLD_STYLE = 24
"""Words without one for a checksum."""


class _Words(Protocol):
    word_list: list[str]
    unique_prefix_length: int

    def encode(self, hex: str) -> str:  # noqa: A002  (the library's name)
        """Return the words of a number."""

    def decode(self, phrase: str) -> str:
        """Return the number of some words."""

    def get_checksum(self, phrase: str) -> str:
        """Return the word that follows some words."""


@cache
def _words(language: str) -> _Words:
    # PyPI's monero has the word lists. It takes a while to import, and few runs restore a wallet.
    found: _Words = import_module("monero.wordlists").get_wordlist(LANGUAGES[language])
    return found


def seed_words(secret: int, language: str) -> str:
    """Return the words of a secret spend key, the checksum's last.

    Args:
        secret: The key.
        language: A key of :data:`LANGUAGES`.
    """
    return _words(language).encode(secret.to_bytes(32, "little").hex())


def read_seed_words(words: str) -> tuple[int, str]:
    """Return the number that some words stand for, and their language.

    Raises:
        ValueError: Not 24 words of a language, or followed by one that they do not ask for.
    """
    given = words.lower().split()
    if len(given) not in {OLD_STYLE, OLD_STYLE + 1}:
        raise ValueError("not 24 or 25 words")
    for language in LANGUAGES:
        known = _words(language)
        length = known.unique_prefix_length
        by_prefix = {word[:length].lower(): word for word in known.word_list}
        try:
            whole = [by_prefix[word[:length]] for word in given]
        except KeyError:
            continue
        phrase = " ".join(whole[:OLD_STYLE])
        if whole[OLD_STYLE:] in ([], [known.get_checksum(phrase)]):
            return int.from_bytes(bytes.fromhex(known.decode(phrase)), "little"), language
    raise ValueError("words of no language, or their last does not fit the others")
