-- Sessions take turns. The argument is a file with a Cookie header a line.
dofile(debug.getinfo(1, "S").source:match("@(.*/)") .. "report.lua")
local requests, turn = {}, 0

function init(arguments)
  for cookie in io.lines(arguments[1]) do
    wrk.headers["Cookie"] = cookie
    requests[#requests + 1] = wrk.format()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
