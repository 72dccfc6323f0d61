import { RIGHTS } from '../rights.ts';
import { script } from './script.ts';

/**
 * The common parts of `COMMIT` and `SEND`: check all writes, push messages to lists, publish messages on channels.
 * `denied` and `at` are set; `first` is the position of the first key to push to.
 *
 * KEYS     from `first`, the lists to push to; then the binding sets to add to, one for each member
 * ARGV     from `at`, number of PUBLISH calls; per call: channel, message
 *          then number of lists; per list: number of messages, the messages
 *          then per binding set: the member
 *
 * A published message cannot be withdrawn, so PUBLISH comes last, when no other command can fail. Before Redis 7
 * only a PUBLISH shows whether this user may publish: there the first call precedes all writes.
 */
export const CHECK_PUSH = `
  local publish_from, publish_to = at + 1, at + 2 * tonumber(ARGV[at])
  local lists_end = first - 1 + tonumber(ARGV[publish_to + 1])
  at = publish_to + 2
  for k = first, lists_end do
    denied = denied or lacking('LLEN', KEYS[k]) or lacking('LPUSH', KEYS[k], '')
  end
  for k = lists_end + 1, #KEYS do
    denied = denied or lacking('SCARD', KEYS[k]) or lacking('SADD', KEYS[k], '')
  end
  local checked = redis.acl_check_cmd
  for i = publish_from, checked and publish_to or 0, 2 do
    denied = denied or lacking('PUBLISH', ARGV[i], '')
  end
  for k = first, lists_end do denied = denied or failing('LLEN', KEYS[k]) end
  for k = lists_end + 1, #KEYS do denied = denied or failing('SCARD', KEYS[k]) end
  if denied then return denied end
`;

export const PUSH = `
  local receivers = {}
  local function publish(from, to)
    for i = from, to, 2 do receivers[i] = redis.pcall('PUBLISH', ARGV[i], ARGV[i + 1]) end
  end
  local rest_from = publish_from
  if not checked and publish_from < publish_to then
    publish(publish_from, publish_from)
    denied = failure('PUBLISH', ARGV[publish_from], receivers[publish_from])
    if denied then return denied end
    rest_from = publish_from + 2
  end

  local member_at = at
  for k = first, lists_end do member_at = member_at + 1 + tonumber(ARGV[member_at]) end
  for k = lists_end + 1, #KEYS do
    denied = failure('SADD', KEYS[k], redis.pcall('SADD', KEYS[k], ARGV[member_at]))
    if denied then return denied end
    member_at = member_at + 1
  end
  for k = first, lists_end do
    local last = at + tonumber(ARGV[at])
    for from = at + 1, last, SLICE do
      local to = math.min(from + SLICE - 1, last)
      denied = failure('LPUSH', KEYS[k], redis.pcall('LPUSH', KEYS[k], unpack(ARGV, from, to)))
      if denied then return denied end
    end
    at = last + 1
  end
`;

export const PUBLISH = `
  publish(rest_from, publish_to)
  local unreceived = {}
  for i = publish_from, publish_to, 2 do
    if type(receivers[i]) ~= 'number' or receivers[i] == 0 then
      unreceived[#unreceived + 1] = (i - publish_from) / 2 + 1
    end
  end
  return {'committed', unreceived}
`;

/**
 * Publishes messages without a commit, because the ledger is in another store: all of them or none.
 *
 * KEYS, ARGV  from the first, as for `CHECK_PUSH`
 * returns  as `COMMIT`
 */
export const SEND = script(`${RIGHTS}
  local SLICE = 4000
  local denied, first, at = false, 1, 1
${CHECK_PUSH}${PUSH}${PUBLISH}`);
