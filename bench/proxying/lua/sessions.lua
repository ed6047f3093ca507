-- Sessions take turns. Arguments: the report's file, and a file with a Cookie header a line.
local requests, turn = {}, 0

function init(arguments)
  dofile(arguments[1])
  for cookie in io.lines(arguments[2]) do
    wrk.headers["Cookie"] = cookie
    requests[#requests + 1] = wrk.format()
  end
end

function request()
  turn = turn % #requests + 1
  return requests[turn]
end
