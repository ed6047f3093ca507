-- Each call brings a body. The argument is its size in bytes.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")
local bytes

function init(arguments)
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/octet-stream"
  wrk.body = string.rep("x", tonumber(arguments[1]))
  bytes = wrk.format()
end

function request()
  return bytes
end
