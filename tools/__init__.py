"""Tools for those who change Kintsugi: house rules, translations, generated reference."""
