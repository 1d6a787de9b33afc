"""The embedded broker's process: rumqttd, as the iotcore package brings it, run until our input closes.

Run as `python -P broker_child.py CONFIG`. The parent holds the other end of our input, so that we end with it, however
it ends: the broker itself can only be stopped by ending its process.
"""

import logging
import os
import resource
import sys
import threading

from iotcore import Broker


def main() -> None:
    # rumqttd logs every packet as an error; what ends it comes as an exception.
    logging.getLogger("rumqttd").setLevel(logging.CRITICAL)
    most_files = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
    resource.setrlimit(resource.RLIMIT_NOFILE, (most_files, most_files))  # one file a connection
    threading.Thread(target=_end_with_the_parent, daemon=True).start()
    Broker(config_path=sys.argv[1]).run_forever()


def _end_with_the_parent() -> None:
    sys.stdin.buffer.read()
    os._exit(0)


if __name__ == "__main__":
    main()
