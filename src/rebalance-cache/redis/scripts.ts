/**
 * The steps that Redis takes as one. Every step of somebody who follows the stored phase looks at it first. Marks and tombstones are
 * written with what they tell of. Routes and malformed values are JavaScript's to judge (lower case and JSON are not the same in Lua), so a
 * script that removes is handed what was read before, and does so only while that is still there.
 */
import { keepsBoth, PHASES } from '../../rebalances/phase.ts';

const NAMES = ['DATA', 'PAUSED', 'WITHDRAWALS', 'ROUTE', 'PHASE', 'MARKS', 'ORDER', 'REMOVED', 'REMOVED_AT'];
export const KEY_COUNT = NAMES.length;

const luaTable = (value: (phase: (typeof PHASES)[number], index: number) => string): string =>
	`{ ${PHASES.map((phase, index) => `['${phase}'] = ${value(phase, index)}`).join(', ')} }`;

/** ARGV[1]: the index of the phase that the caller follows, or nothing. `at` is where the arguments of the step begin. */
const HEAD = `
local ${NAMES.join(', ')} = ${NAMES.map((_, index) => `KEYS[${index + 1}]`).join(', ')}
local stored = redis.call('HMGET', PHASE, 'phase', 'floor')
if ARGV[1] ~= '' and stored[1] then
	local index, follows = (${luaTable((_, index) => `${index}`)})[stored[1]], tonumber(ARGV[1])
	if not index or math.abs(index - follows) > 1 or follows < (tonumber(stored[2]) or 0) then
		return redis.error_reply('PHASEMOVED ' .. stored[1])
	end
end
local at = 2
local function rest()
	local list = {}
	for i = at, #ARGV do list[#list + 1] = ARGV[i] end
	return list
end
-- unpack has a limit of some thousand values
local function many(command, key, list)
	for i = 1, #list, 4000 do redis.call(command, key, unpack(list, i, math.min(i + 3999, #list))) end
end
local function texts(key, fields)
	local found = {}
	for i = 1, #fields, 4000 do
		for _, text in ipairs(redis.call('HMGET', key, unpack(fields, i, math.min(i + 3999, #fields)))) do found[#found + 1] = text end
	end
	return found
end
`;

/** ARGV[2]: until when by the server's clock. ARGV[3]: the token. ARGV[4]: whether to mark. */
const CHANGE = `${HEAD}
at = 5
local clock = redis.call('TIME')
local now = clock[1] * 1000 + math.floor(clock[2] / 1000)
if now > tonumber(ARGV[2]) then return redis.error_reply('LATE the call was given up before it began') end
local token = ARGV[3]
local both = ${luaTable((phase) => `${keepsBoth(phase)}`)}
local marking = ARGV[4] == 'always' or (ARGV[4] == 'stored' and stored[1] and both[stored[1]])
-- each entity with the value, and each with the time
local function told(entities, value)
	local values, times, when = {}, {}, string.format('%.0f', now)
	for _, entity in ipairs(entities) do
		values[#values + 1] = entity
		values[#values + 1] = value
		times[#times + 1] = when
		times[#times + 1] = entity
	end
	return values, times
end
local function bury(entities, by)
	local graves, times = told(entities, by)
	many('HSET', REMOVED, graves)
	many('ZADD', REMOVED_AT, times)
	local old = redis.call('ZRANGEBYSCORE', REMOVED_AT, '-inf', string.format('%.0f', now - 86400000), 'LIMIT', 0, 1000)
	many('HDEL', REMOVED, old)
	many('ZREM', REMOVED_AT, old)
end
local function mark(entities)
	if not marking then return end
	local tokens, times = told(entities, token)
	many('HSET', MARKS, tokens)
	-- what was marked already stays where it was in the line
	for i = 1, #times, 4000 do redis.call('ZADD', ORDER, 'NX', unpack(times, i, math.min(i + 3999, #times))) end
end
-- true for the first time that a change with this token comes
local function first()
	if redis.call('HEXISTS', REMOVED, 't:' .. token) == 1 then return false end
	bury({ 't:' .. token }, token)
	return true
end
`;

/** 1: it has gone by this change, and whether just now. 0: it was not there. 2: something else is there than was read, which is empty for nothing. */
const TAKE = `
local function take(key, field, seen, entity)
	if redis.call('HGET', REMOVED, entity) == token then return 1, false end
	local text = redis.call('HGET', key, field)
	if not text then return 0, false end
	if text == '' or text ~= seen then return 2, false end
	redis.call('HDEL', key, field)
	return 1, true
end
`;

const READS = {
	/** Route by route its ids and their texts, or nothing when there are more of them than ARGV[2]. */
	rowsOn: `${HEAD}
local count, found = 0, {}
for i = 3, #ARGV do count = count + redis.call('SCARD', ROUTE .. ARGV[i]) end
if count > tonumber(ARGV[2]) then return false end
for i = 3, #ARGV do
	local ids = redis.call('SMEMBERS', ROUTE .. ARGV[i])
	found[#found + 1] = { ids, texts(DATA, ids) }
end
return found`,
	/** ARGV[2]: the route, then cursor and count. */
	rowsOnFrom: `${HEAD}
local page = redis.call('SSCAN', ROUTE .. ARGV[2], ARGV[3], 'COUNT', ARGV[4])
return { page[1], page[2], texts(DATA, page[2]) }`,
	/** ARGV[2]: cursor, then count. */
	scanData: `${HEAD}return redis.call('HSCAN', DATA, ARGV[2], 'COUNT', ARGV[3])`,
	scanWithdrawals: `${HEAD}return redis.call('HSCAN', WITHDRAWALS, ARGV[2], 'COUNT', ARGV[3])`,
	rowTexts: `${HEAD}return texts(DATA, rest())`,
	/** Of each id and route: 1 when the id has data and is on the route. */
	onRoute: `${HEAD}
local found = {}
for i = 2, #ARGV, 2 do
	local has = redis.call('HEXISTS', DATA, ARGV[i]) == 1 and redis.call('SISMEMBER', ROUTE .. ARGV[i + 1], ARGV[i]) == 1
	found[#found + 1] = has and 1 or 0
end
return found`,
	pause: `${HEAD}return redis.call('GET', PAUSED)`,
	withdrawal: `${HEAD}return redis.call('HGET', WITHDRAWALS, ARGV[2])`,
	/** Of each entity what is there, and who has removed it. */
	hold: `${HEAD}
local found, entities = {}, rest()
for i, entity in ipairs(entities) do
	local kind, key = string.sub(entity, 1, 2), string.sub(entity, 3)
	if kind == 'r:' then found[i] = redis.call('HGET', DATA, key)
	elseif kind == 'w:' then found[i] = redis.call('HGET', WITHDRAWALS, key)
	else found[i] = redis.call('GET', PAUSED) end
end
return { found, texts(REMOVED, entities) }`,
	marked: `${HEAD}
local entities = redis.call('ZRANGE', ORDER, 0, tonumber(ARGV[2]) - 1)
return { entities, texts(MARKS, entities) }`,
	phase: `${HEAD}return stored`,
	sizes: `${HEAD}return { redis.call('HLEN', DATA), redis.call('HLEN', WITHDRAWALS) }`,
};

const CHANGES = {
	/** Of each row id, route and text. What is of a wrong type fails at the first look, before anything is written. */
	add: `${CHANGE}
redis.call('HLEN', DATA)
redis.call('HLEN', REMOVED)
redis.call('HLEN', MARKS)
redis.call('ZCARD', ORDER)
local ids, entities, seen = {}, {}, {}
for i = at, #ARGV, 3 do
	ids[#ids + 1] = ARGV[i]
	entities[#entities + 1] = 'r:' .. ARGV[i]
	if not seen[ARGV[i + 1]] then redis.call('SCARD', ROUTE .. ARGV[i + 1]) end
	seen[ARGV[i + 1]] = true
end
local graves, known = texts(REMOVED, entities), texts(DATA, ids)
local rows, routes = {}, {}
entities = {}
for n, id in ipairs(ids) do
	if not graves[n] and not known[n] then
		local route = ARGV[at + 3 * n - 2]
		routes[route] = routes[route] or {}
		table.insert(routes[route], id)
		rows[#rows + 1] = id
		rows[#rows + 1] = ARGV[at + 3 * n - 1]
		entities[#entities + 1] = 'r:' .. id
	end
end
many('HSET', DATA, rows)
for route, on in pairs(routes) do many('SADD', ROUTE .. route, on) end
mark(entities)
return 1`,
	/** Of each row id, route and the text that was read. */
	remove: `${CHANGE}${TAKE}
local answers, entities = {}, {}
for i = at, #ARGV, 3 do
	local id = ARGV[i]
	local answer, isNew = take(DATA, id, ARGV[i + 2], 'r:' .. id)
	if isNew then
		redis.call('SREM', ROUTE .. ARGV[i + 1], id)
		entities[#entities + 1] = 'r:' .. id
	end
	answers[#answers + 1] = answer
end
bury(entities, token)
mark(entities)
return answers`,
	/** The routes whose sets were found before. */
	clear: `${CHANGE}
if not first() then return 0 end
if marking then
	local entities = redis.call('HKEYS', DATA)
	for i, id in ipairs(entities) do entities[i] = 'r:' .. id end
	bury(entities, token)
	mark(entities)
	mark({ 'p' })
end
redis.call('UNLINK', DATA, PAUSED)
for i = at, #ARGV do redis.call('UNLINK', ROUTE .. ARGV[i]) end
return 1`,
	setPause: `${CHANGE}
if not first() then return 0 end
redis.call('SET', PAUSED, ARGV[at])
mark({ 'p' })
return 1`,
	putWithdrawal: `${CHANGE}
if not first() then return 0 end
redis.call('HSET', WITHDRAWALS, ARGV[at], ARGV[at + 1])
mark({ 'w:' .. ARGV[at] })
return 1`,
	/** The deposit transaction and the text that was read. */
	removeWithdrawal: `${CHANGE}${TAKE}
local entity = 'w:' .. ARGV[at]
local answer, isNew = take(WITHDRAWALS, ARGV[at], ARGV[at + 1], entity)
if not isNew then return answer end
bury({ entity }, token)
mark({ entity })
return answer`,
};

const UPKEEP = {
	/**
	 * Of each entity: itself, its text and route (both empty for nothing), the text and the route that were read, who has removed it. Answers 1
	 * and the token of the tombstone that was there, or 2 when something else was there than was read.
	 */
	apply: `${CHANGE}
local answers, graves = {}, texts(REMOVED, (function()
	local entities = {}
	for i = at, #ARGV, 6 do entities[#entities + 1] = ARGV[i] end
	return entities
end)())
for i = at, #ARGV, 6 do
	local entity, text, route, seen, left, by = unpack(ARGV, i, i + 5)
	local kind, key = string.sub(entity, 1, 2), string.sub(entity, 3)
	local n = (i - at) / 6 + 1
	answers[n] = { 1, graves[n] }
	if entity == 'p' then
		if text == '' then redis.call('DEL', PAUSED) else redis.call('SET', PAUSED, text) end
	elseif kind == 'w:' then
		if text == '' then redis.call('HDEL', WITHDRAWALS, key) else redis.call('HSET', WITHDRAWALS, key, text) end
		if text == '' and by ~= '' then bury({ entity }, by) end
	elseif text ~= '' and graves[n] then
		-- what was removed stays removed
	elseif (redis.call('HGET', DATA, key) or '') ~= seen then
		answers[n][1] = 2
	else
		if left ~= '' and left ~= route then redis.call('SREM', ROUTE .. left, key) end
		if text == '' then
			redis.call('HDEL', DATA, key)
			if not graves[n] then bury({ entity }, by) end
		else
			redis.call('HSET', DATA, key, text)
			redis.call('SADD', ROUTE .. route, key)
		end
	end
end
return answers`,
	/** Of each mark its entity and its token. */
	unmark: `${HEAD}
for i = at, #ARGV, 2 do
	if redis.call('HGET', MARKS, ARGV[i]) == ARGV[i + 1] then
		redis.call('HDEL', MARKS, ARGV[i])
		redis.call('ZREM', ORDER, ARGV[i])
	end
end
return 1`,
	/** Takes ids without data off a route that came up while everything was cleared. ARGV[2]: the route, then the cursor. */
	sweep: `${HEAD}
local page = redis.call('SSCAN', ROUTE .. ARGV[2], ARGV[3], 'COUNT', 1000)
for _, id in ipairs(page[2]) do
	if redis.call('HEXISTS', DATA, id) == 0 then redis.call('SREM', ROUTE .. ARGV[2], id) end
end
return page[1]`,
	scanRoute: `${HEAD}return redis.call('SSCAN', ROUTE .. ARGV[2], ARGV[3], 'COUNT', ARGV[4])`,
	setPhase: `${HEAD}return redis.call('HSET', PHASE, 'phase', ARGV[2], 'floor', ARGV[3])`,
};

/** None has a side effect when it answers with an error. */
export const SCRIPTS = { ...READS, ...CHANGES, ...UPKEEP };

export type ScriptName = keyof typeof SCRIPTS;
