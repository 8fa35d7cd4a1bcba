"""Where Youju keeps what it makes once and reuses: decoded models, assembled weights, the index of the samples."""

import os
from pathlib import Path


def cache_folder() -> Path:
    """The user's cache folder: ``$YOUJU_HOME`` if set, else the platform's own cache folder for ``youju``.

    The folder is not created here; whoever writes into it does that.
    """
    home = os.environ.get("YOUJU_HOME", "").strip()
    if home:
        return Path(home).expanduser().absolute()
    from platformdirs import user_cache_dir

    return Path(user_cache_dir("youju", appauthor=False))
