"""The load: wrk with 16 connections, every request drawn at random (a patch takes the records in order)."""

import re
import subprocess
from dataclasses import dataclass
from pathlib import Path

CONNECTIONS = 16
UNITS = {"ms": 0.001, "s": 1, "m": 60}
SCRIPT = """
-- wrk asks for one request more than it sends, the first: it is number 0 here.
local method, address, source, tokens, media, tagged = %s
local lines, versions, headers, sent = {}, {}, {}, -1
local threads = 0

function setup(thread)
  thread:set("stream", threads)
  threads = threads + 1
end

function init()
  math.randomseed(os.time() * 31 + stream)
  if media ~= "" then headers["Content-Type"] = media end
  for line in io.lines(source) do
    local key, version = line:match("^(%%S+) (%%d+)$")
    lines[#lines + 1] = key or line
    versions[#versions + 1] = tonumber(version)
  end
  mark = string.format("%%x-%%d-", os.time(), math.random(1000000000))
end

function request()
  sent = sent + 1
  if #tokens > 0 then headers["Authorization"] = "Bearer " .. tokens[sent %% #tokens + 1] end
  if method == "GET" then
    return wrk.format(method, address .. lines[math.random(#lines)], headers)
  end
  if method == "POST" then
    local text = string.format(lines[math.random(#lines)], mark .. sent)
    return wrk.format(method, address, headers, text)
  end
  local at = math.max(sent - 1, 0) %% #lines + 1
  local version = versions[at]
  if sent > 0 then versions[at] = version + 1 end
  if tagged then
    headers["If-Match"] = '"' .. version .. '"'
    return wrk.format(method, address .. lines[at], headers, string.format('{"note": "%%s%%d"}', mark, sent))
  end
  local text = string.format('{"version": %%d, "@": %%d}', version, math.random(5))
  return wrk.format(method, address .. lines[at], headers, text)
end
"""


@dataclass(frozen=True)
class Load:
    """One kind of request.

    source   a file of one line a request: what follows the address (GET, and PATCH with the version behind a space),
             or a body with a hole for a mark of its own (POST)
    tokens   of the callers who send them, one after another; none: no token is sent
    tagged   the version of a patch is told by If-Match; otherwise in the body, beside the member `weight`
    """

    method: str
    address: str
    source: Path
    tokens: tuple[str, ...] = ()
    media: str = ""
    tagged: bool = False
    weight: str = "weight"


@dataclass(frozen=True)
class Outcome:
    """What wrk saw: how many answers in how long, and how many of them were no success."""

    requests: int
    seconds: float
    failed: int

    @property
    def rate(self) -> float:
        """Answers per second."""
        return self.requests / self.seconds


def drive(base: str, load: Load, seconds: float, script: Path) -> Outcome:
    """Sends the load for so long. Ends the program if wrk says nothing of use."""
    method, address, source, media = map(_quoted, (load.method, load.address, str(load.source), load.media))
    tokens = f"{{{', '.join(map(_quoted, load.tokens))}}}"
    values = ", ".join((method, address, source, tokens, media, "true" if load.tagged else "false"))
    script.write_text(SCRIPT.replace("@", load.weight) % values, encoding="utf-8")
    command = ["wrk", "-t1", f"-c{CONNECTIONS}", f"-d{max(1, round(seconds))}s", "-s", str(script), base]
    done = subprocess.run(command, capture_output=True, text=True)
    counted = re.search(r"(\d+) requests in ([\d.]+)(m|s|ms)\b", done.stdout)
    if done.returncode or not counted or not int(counted[1]):
        raise SystemExit(f"wrk gave no figures:\n{done.stdout}{done.stderr}")
    refused = re.search(r"Non-2xx or 3xx responses: (\d+)", done.stdout)
    broken = re.search(r"Socket errors: connect (\d+), read (\d+), write (\d+), timeout (\d+)", done.stdout)
    failed = int(refused[1]) if refused else 0
    failed += sum(map(int, broken.groups())) if broken else 0
    return Outcome(int(counted[1]), float(counted[2]) * UNITS[counted[3]], failed)


def _quoted(text: str) -> str:
    return f"[==[{text}]==]"
