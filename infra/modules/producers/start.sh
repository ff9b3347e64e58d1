# Starts a producer from the package that the container before this one fetched: sh -c "$(cat start.sh)" producer MODULE …
# Told by the environment: PACKAGE (a .tar.gz), PACKAGE_SHA256, and PYTHONPATH, the folder that it is unpacked into.
set -eu
if ! echo "$PACKAGE_SHA256  $PACKAGE" | sha256sum --check --status; then
  echo "$PACKAGE is not the package that was deployed: its SHA-256 is not $PACKAGE_SHA256. Build and apply again." >&2
  exit 1
fi
mkdir -p "$PYTHONPATH"
PYTHONPATH='' python -m tarfile --filter data --extract "$PACKAGE" "$PYTHONPATH" # the data filter: nothing outside
exec python -m "$@"
