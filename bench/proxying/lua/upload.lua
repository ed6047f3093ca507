-- Each call brings a body. Arguments: the report's file, and the body's size in bytes.
local bytes

function init(arguments)
  dofile(arguments[1])
  wrk.method = "POST"
  wrk.headers["Content-Type"] = "application/octet-stream"
  wrk.body = string.rep("x", tonumber(arguments[2]))
  bytes = wrk.format()
end

function request()
  return bytes
end
