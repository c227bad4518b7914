"""The command line ``kintsugi``."""
