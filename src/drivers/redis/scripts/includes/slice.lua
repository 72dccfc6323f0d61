-- Lists are passed in slices: Lua's stack has 8,000 places.
local SLICE = 4000
