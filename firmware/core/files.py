"""Files and folders: written whole or not at all, removed whether they are there or not."""

import os


def write(path: str, data: bytes) -> None:
    """Replaces a file's content: after a power cut it is the old or the new one, never half of it."""
    with open(path + ".new", "wb") as file:
        file.write(data)
    os.rename(path + ".new", path)


def is_there(path: str) -> bool:
    """Whether there is a file or folder of this name."""
    try:
        os.stat(path)
    except OSError:
        return False
    return True


def make_folders(folder: str, path: str) -> None:
    """Makes the folders that a file's path below `folder` leads through."""
    for part in path.split("/")[:-1]:
        folder += "/" + part
        if not is_there(folder):
            os.mkdir(folder)


def remove(path: str) -> None:
    """Removes a file; one that isn't there is no error."""
    if is_there(path):
        os.remove(path)


def remove_tree(path: str) -> None:
    """Removes a folder with all that is in it; one that isn't there is no error."""
    if not is_there(path):
        return
    for name in os.listdir(path):
        below = path + "/" + name
        if os.stat(below)[0] & 0x4000:  # a folder
            remove_tree(below)
        else:
            os.remove(below)
    os.rmdir(path)
