"""Stops the embedded server when everybody who used it was killed without a chance to.

Run as ``python -m kintsugi.runtime.keeper HOME [--ephemeral]`` by the cluster that started the
server; ends with the server.
"""

import os
import sys
import time

from kintsugi.runtime.cluster import Cluster
from kintsugi.runtime.home import try_lock

POLL_S = 1.0


def keep(cluster: Cluster) -> None:
    """Watches until no server runs; stops it when no living lease is left."""
    lock = os.open(cluster.home.keeper_lock, os.O_RDWR | os.O_CREAT, 0o600)
    patience = 10
    while not try_lock(lock):
        # The keeper of an earlier server is about to end, or keeps this one as well.
        patience -= 1
        if patience == 0:
            return
        time.sleep(POLL_S)
    while cluster.home.run.is_dir() and cluster.is_up():
        time.sleep(POLL_S)
        if cluster.leases.living() == 0 and cluster.stop_if_unused():
            return


if __name__ == "__main__":
    keep(Cluster(sys.argv[1], ephemeral="--ephemeral" in sys.argv[2:]))
