#!/bin/sh
# The page's tests want Chromium: the system's own, or one installed from its packages where we may.
set -eu
for name in chromium chromium-browser google-chrome; do
    if command -v "$name" >/dev/null 2>&1; then exit 0; fi
done
if command -v apt-get >/dev/null 2>&1; then
    sudo=""
    if [ "$(id -u)" != 0 ]; then sudo="sudo -n"; fi
    echo "Installing Chromium for the tests of the payment page"
    if $sudo apt-get update -qq && DEBIAN_FRONTEND=noninteractive $sudo apt-get install -y -qq chromium >/dev/null; then exit 0; fi
fi
echo "The tests of the payment page need Chromium: install the package 'chromium' and run again." >&2
exit 1
