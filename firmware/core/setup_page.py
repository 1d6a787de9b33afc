"""The set-up page: one small document without anything from elsewhere, for a phone's browser."""

_HEAD = """<!doctype html><html lang="en"><meta charset="utf-8">
<meta name="viewport" content="width=device-width,initial-scale=1"><title>PitPilot</title>%s
<style>
:root{color-scheme:light dark;--line:#8885;--brand:#0f766e}
body{font:17px/1.5 system-ui,sans-serif;max-width:26rem;margin:0 auto;padding:1.5rem 1.25rem 3rem}
h1{font-size:1.5rem;margin:0 0 .25rem}p{margin:.25rem 0 1.25rem}
label{display:block;margin:1rem 0 .25rem;font-weight:600}
input,textarea,button{font:inherit;width:100%%;box-sizing:border-box;padding:.75rem;
border:1px solid var(--line);border-radius:.6rem;background:transparent;color:inherit}
small{display:block;opacity:.75}
button{margin-top:1.75rem;background:var(--brand);color:#fff;border:0;font-weight:600}
.no{border-left:.3rem solid #dc2626;padding:.6rem .9rem;background:#dc262618;border-radius:.3rem}
details{margin-top:1.25rem}
</style><h1>PitPilot</h1>"""

_FORM = """<p>Bring this controller into your network.</p>%s
<form method="post" action="/join">
<label for="ssid">Wi-Fi</label>
<input id="ssid" name="ssid" list="near" value="%s" maxlength="32" required autocapitalize="none">
<datalist id="near">%s</datalist>
<label for="password">Wi-Fi password</label>
<input id="password" name="password" type="password" maxlength="63" autocomplete="off">
<label for="server">Server</label>
<input id="server" name="server" value="%s" placeholder="https://pits.example.com" maxlength="120"
autocapitalize="none">
<label for="code">Claim code</label>
<input id="code" name="code" value="%s" placeholder="K7QM-3FXT-9RWB" maxlength="200" required
autocapitalize="characters">
<small>On the device's page in PitPilot: letters, or the text of the QR code.</small>
<details><summary>The server has a certificate of its own</summary>
<label for="ca">Its authority (PEM)</label><textarea id="ca" name="ca" rows="4"></textarea></details>
<button>Connect</button></form>"""

_ESCAPES = (("&", "&amp;"), ("<", "&lt;"), (">", "&gt;"), ('"', "&quot;"))


def form(networks, given: dict, complaint: str) -> str:
    """The form, with what was typed before, and what was wrong with it. Passwords are not repeated."""
    near = "".join(['<option value="%s">' % escaped(name) for name in networks])
    wrong = '<p class="no" role="alert">%s</p>' % escaped(complaint) if complaint else ""
    ssid, server, code = [escaped(given.get(name, "")) for name in ("ssid", "server", "code")]
    return _HEAD % "" + _FORM % (wrong, ssid, near, server, code)


def working(doing: str) -> str:
    """What is being done; it asks again by itself."""
    return _HEAD % '<meta http-equiv="refresh" content="2;url=/">' + '<p role="status">%s</p>' % escaped(doing)


def done(name: str) -> str:
    words = "%s is claimed and starts now. You can close this page." % name
    return _HEAD % "" + '<p role="status">%s</p>' % escaped(words)


def escaped(text: str) -> str:
    for letter, entity in _ESCAPES:
        text = text.replace(letter, entity)
    return text
