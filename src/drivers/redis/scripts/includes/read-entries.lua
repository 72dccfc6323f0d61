--[[
  Defines `read_entries`, which returns definitions and states of `names`, each row with its label.

  KEYS     from `definitions`: definitions, states
  returns  per name {label, due and definition, state}; nil where one is missing
]]
--- @include rights
--- @include slice
local function read_entries(names, labels, definitions)
  local rows = {}
  for from = 1, #names, SLICE do
    local to = math.min(from + SLICE - 1, #names)
    local found = {}
    for k = 0, 1 do
      found[k] = redis.pcall('HMGET', KEYS[definitions + k], unpack(names, from, to))
      local denied = failure('HMGET', KEYS[definitions + k], found[k])
      if denied then return denied end
    end
    for i = from, to do
      rows[i] = {labels[i], found[0][i - from + 1], found[1][i - from + 1]}
    end
  end
  return rows
end
