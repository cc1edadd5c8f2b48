"""Files in object stores (``s3://``, ``gs://``, ``az://``), listed and read through fsspec.

Credentials come from the environment, as each store's own tools take them, or from the source's ``storage_options``. No
message repeats what a store answered: it may name keys.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import PurePosixPath
from typing import IO, TYPE_CHECKING, Any

from leadmill.errors import InputError, LeadmillError

if TYPE_CHECKING:
    from _typeshed import WriteableBuffer
    from fsspec import AbstractFileSystem  # type: ignore[import-untyped]

_READ_BYTES = 8 << 20  # fetched at once: a request costs more than a few megabytes
# What names the content of an object, the first that a store gives: by its kind, in the order of trust.
_CONTENT_KEYS = ("ETag", "etag", "md5Hash", "content_md5", "LastModified", "last_modified", "updated", "mtime")


def is_remote(path: str) -> bool:
    """Return whether a path is a URI of an object store."""
    return "://" in path


class RemoteFile:
    """One object; it is opened as a local path is."""

    def __init__(self, filesystem: AbstractFileSystem, name: str, listed: dict[str, Any]) -> None:
        """Keep what the listing told.

        Args:
            filesystem: the store.
            name: bucket and key.
            listed: the object's entry in the listing.
        """
        self._filesystem = filesystem
        self._name = name
        self.fingerprint = _fingerprint(listed)

    def __str__(self) -> str:
        """Return the object's URI."""
        return str(self._filesystem.unstrip_protocol(self._name))

    @property
    def suffix(self) -> str:
        """The suffix of the key."""
        return PurePosixPath(self._name).suffix

    def open(self, mode: str = "rb", buffering: int = -1) -> IO[bytes]:
        """Open the object for reading.

        Raises:
            InputError: it is gone or must not be read.
            LeadmillError: the store can't be reached.
        """
        with _told(str(self)):
            source = self._filesystem.open(self._name, mode, block_size=_READ_BYTES, cache_type="readahead")
        return io.BufferedReader(_Told(source, str(self)), _READ_BYTES)

    def check_unchanged(self) -> None:
        """Make sure that the object is still the one that was listed, so that a copy is of one version.

        Raises:
            InputError: it has changed, or is gone.
            LeadmillError: the store can't be reached.
        """
        with _told(str(self)):
            self._filesystem.invalidate_cache()
            now = _fingerprint(self._filesystem.info(self._name))
        if now != self.fingerprint:
            raise InputError(f"{self}: changed while it was copied; the next run takes it")


class _Told(io.RawIOBase):
    """An open object whose errors are told as ours."""

    def __init__(self, source: IO[bytes], told: str) -> None:
        self._source = source
        self._address = told

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: WriteableBuffer) -> int:
        view = memoryview(buffer).cast("B")
        with _told(self._address):
            block = self._source.read(len(view))
        view[: len(block)] = block
        return len(block)

    def close(self) -> None:
        self._source.close()
        super().close()


def objects(url: str, options: dict[str, Any], *, below: bool) -> list[tuple[RemoteFile, str]]:
    """List the objects of a URI in a stable order.

    Args:
        url: a folder, or a glob.
        options: of the store; credentials among them.
        below: `url` is a folder, and the objects' names are told from it on; else it is a glob, and the bucket counts.

    Returns:
        Each object with its name.

    Raises:
        InputError: there is no such store or bucket, or it must not be listed.
        LeadmillError: the store can't be reached.
    """
    import fsspec  # with its stores' clients it takes a second to import

    with _told(url):
        filesystem, root = fsspec.core.url_to_fs(url, **options)
        filesystem.invalidate_cache()
        found = filesystem.find(root, detail=True) if below else filesystem.glob(root, detail=True)
        # A bucket that must not be listed looks empty to a glob.
        if not found:
            filesystem.ls(root.split("/")[0])
    prefix = root.rstrip("/") + "/" if below else ""
    return [
        (RemoteFile(filesystem, name, listed), name.removeprefix(prefix).lstrip("/"))
        for name, listed in sorted(found.items())
        if listed["type"] == "file"
    ]


def _fingerprint(listed: dict[str, Any]) -> str:
    """Return what differs when an object's content does, of what listing it tells."""
    content = next((listed[key] for key in _CONTENT_KEYS if listed.get(key)), "")
    return f"{listed.get('size')} {content}"


@contextmanager
def _told(address: str) -> Iterator[None]:
    """Tell a store's errors as ours, without what the store said.

    Raises:
        InputError: no such object, bucket or store, or access is denied.
        LeadmillError: the store can't be reached, or fails.
    """
    try:
        yield
    except (InputError, LeadmillError):
        raise
    except FileNotFoundError:
        raise InputError(f"{address}: not there; mend `path`, or have it delivered again") from None
    except PermissionError:
        raise InputError(f"{address}: access denied; check the credentials and what they may read") from None
    except (ValueError, ImportError):
        raise InputError(f"{address}: no such store, or wrong `storage_options`; use s3://, gs:// or az://") from None
    except Exception as error:  # noqa: BLE001 each store's client has a family of errors of its own
        raise LeadmillError(f"{address}: the store can't be read ({type(error).__name__}); run again") from None
