#!/bin/sh
# Runs Mosquitto, and has it read again (SIGHUP, which drops nobody but those who may no longer connect) who may
# connect, what each may do, and which certificates are revoked, a second at most after PitPilot has written it.
# Usage: run.sh CONFIG RIGHTS_FOLDER OWN_FOLDER, as the broker's user. The files are copied from the second folder into
# the third, because Mosquitto warns of files that are not its own and will refuse them one day.
set -u
config=$1
rights=$2
own=$3
umask 077

# Rights first, as they are written: who may connect already has some.
files="acl passwords devices-ca.pem devices-revoked.pem"

fingerprint() {
    (cd "$rights" && cat $files 2>/dev/null | cksum)
}

copy() {
    for name in $files; do
        cp "$rights/$name" "$own/$name.new" && mv "$own/$name.new" "$own/$name" || return 1
    done
}

until known=$(fingerprint) && copy 2>/dev/null; do
    echo "waiting for $files in $rights" >&2
    sleep 1
done

mosquitto -c "$config" &
broker=$!
# Again until it ends: Mosquitto forgets what it is told in the moment in which it begins.
trap 'while kill -TERM "$broker" 2>/dev/null; do sleep 1; done; wait "$broker"; exit $?' TERM INT

while kill -0 "$broker" 2>/dev/null; do
    sleep 1 &
    wait $!
    now=$(fingerprint)
    if [ "$now" != "$known" ] && copy; then
        known=$now
        kill -HUP "$broker"
    fi
done
wait "$broker"
