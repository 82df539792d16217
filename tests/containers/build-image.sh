#!/usr/bin/env bash
# Builds a container image of the program from nothing but this repository: no registry is asked,
# no base image is pulled.
#
#     tests/containers/build-image.sh [NAME[:TAG]]     `indelible:latest` unless you say otherwise
#
# The image holds the release binary, the shared libraries it is linked with, and an empty /data
# for the record. It runs as a user without rights (65532), and needs neither a network nor a
# writable root: mount a volume at /data and nothing else.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/../.."

readonly IMAGE=${1:-indelible:latest}
readonly USER_AND_GROUP=65532:65532

if ! docker version >/dev/null 2>&1; then
    echo "no Docker engine answers: start one, or point DOCKER_HOST at it" >&2
    exit 1
fi

cargo build --locked --release --package indelible
binary=${CARGO_TARGET_DIR:-target}/release/indelible

stage=$(mktemp -d)
trap 'rm -rf "$stage"' EXIT
mkdir -p "$stage/root/usr/bin" "$stage/volume/data"
strip --strip-debug -o "$stage/root/usr/bin/indelible" "$binary"
# The loader and every library by the path under which the binary will look for it.
ldd "$binary" | grep --only-matching '/[^ ]*' | while read -r library; do
    install -D --mode 755 "$library" "$stage/root$library"
done

# One archive with two owners: a volume that is made at /data takes over the owner it finds there.
pack() { tar --file "$stage/image.tar" --sort name --mtime @0 --numeric-owner "$@"; }
pack --create --owner 0 --group 0 --directory "$stage/root" .
pack --append --owner "${USER_AND_GROUP%:*}" --group "${USER_AND_GROUP#*:}" \
    --mode 700 --directory "$stage/volume" ./data

docker import \
    --change "USER $USER_AND_GROUP" \
    --change 'ENV INDELIBLE_AUDIT_DATABASE_URL=/data/audit.db' \
    --change 'WORKDIR /data' \
    --change 'VOLUME /data' \
    --change 'ENTRYPOINT ["/usr/bin/indelible"]' \
    --change 'CMD ["--help"]' \
    "$stage/image.tar" "$IMAGE" >/dev/null
echo "built $IMAGE"
