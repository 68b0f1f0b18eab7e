// The shapes of the HTTP API. tests/unit/actors/connection/api/openapi_test.cpp holds the renderers
// and parsers against them: a field that one has and the other lacks fails there.
#include "actors/connection/api/openapi.hpp"

namespace roost::connection::api {

namespace {

constexpr std::string_view schemas = R"json({
"Problem": {"type": "object", "required": ["type", "title", "status", "correlation_id"], "properties": {
  "type": {"type": "string"}, "title": {"type": "string"}, "status": {"type": "integer"},
  "detail": {"type": "string"}, "correlation_id": {"type": "string"}}},
"Session": {"type": "object", "required": ["id", "title", "node", "state", "command", "cwd", "pid", "cols", "rows",
    "created_at", "exited_at", "exit_status", "signal", "end_reason", "epoch", "offset", "viewers", "holder", "size_policy", "sandbox",
    "run_as", "limits", "restart", "record", "agent", "shell", "usage"], "properties": {
  "id": {"type": "string"}, "title": {"type": "string"}, "node": {"type": "string"},
  "state": {"type": "string", "enum": ["starting", "running", "exiting", "exited", "lost"]},
  "command": {"type": "array", "items": {"type": "string"}}, "cwd": {"type": "string"},
  "pid": {"type": ["integer", "null"]}, "cols": {"type": "integer"}, "rows": {"type": "integer"},
  "created_at": {"type": "string", "format": "date-time"}, "exited_at": {"type": ["string", "null"], "format": "date-time"},
  "exit_status": {"type": ["integer", "null"]}, "signal": {"type": ["integer", "null"]},
  "end_reason": {"type": ["string", "null"], "enum": ["lifetime", "idle", "user-memory", null], "description": "the limit that ends it"},
  "epoch": {"type": "string"}, "offset": {"type": "integer"}, "viewers": {"type": "integer"},
  "holder": {"type": ["string", "null"], "description": "the connection that decides the size"},
  "size_policy": {"$ref": "#/components/schemas/SizePolicy"},
  "run_as": {"type": ["string", "null"], "description": "the system user that it runs as; null: not known any more"},
  "sandbox": {"type": "string"}, "restart": {"$ref": "#/components/schemas/Restart"}, "record": {"type": "boolean"}, "agent": {"type": ["string", "null"]},
  "limits": {"type": "array", "description": "those that it was started with", "items": {"$ref": "#/components/schemas/Limit"}},
  "shell": {"type": "object", "description": "what the shell says of itself", "required": ["cwd", "prompt", "running", "last_exit_status"],
    "properties": {"cwd": {"type": ["string", "null"]}, "prompt": {"type": "boolean"}, "running": {"type": ["string", "null"]},
      "last_exit_status": {"type": ["integer", "null"]}}},
  "usage": {"$ref": "#/components/schemas/Usage"}}},
"Usage": {"type": ["object", "null"], "description": "what the session's processes take; null when not known, and when it is over",
  "required": ["cpu_percent", "cpu_ms", "memory_bytes", "processes", "foreground", "cwd", "at"], "properties": {
  "cpu_percent": {"type": "number", "description": "of one CPU, since the sample before (the first: since the start)"},
  "cpu_ms": {"type": "integer", "description": "CPU time so far, that of ended processes included"},
  "memory_bytes": {"type": "integer", "description": "resident; a page that several processes share counts in each"},
  "processes": {"type": "integer"},
  "foreground": {"type": ["string", "null"], "description": "the command that has the terminal"},
  "cwd": {"type": ["string", "null"], "description": "of the foreground command"},
  "at": {"type": "string", "format": "date-time", "description": "when the sample was taken; at most one per second"}}},
"Restart": {"type": "object", "description": "how the program is started again",
  "required": ["policy", "count", "next_at", "last_exit_status", "last_signal", "given_up"], "properties": {
  "policy": {"$ref": "#/components/schemas/RestartPolicy"},
  "count": {"type": "integer", "description": "programs that were started after the first"},
  "next_at": {"type": ["string", "null"], "format": "date-time", "description": "while the session waits for its next program"},
  "last_exit_status": {"type": ["integer", "null"], "description": "of the program before the present one"},
  "last_signal": {"type": ["integer", "null"]},
  "given_up": {"type": "boolean", "description": "it has ended too often"}}},
"RestartPolicy": {"type": "string", "enum": ["never", "on-failure", "always"], "default": "never"},
"Limit": {"type": "object", "required": ["name", "value", "enforced_by"], "properties": {
  "name": {"type": "string", "enum": ["processes", "memory", "cpu", "cpu_time", "open_files", "file_size"]},
  "value": {"type": "number", "description": "processes, bytes, cores, or seconds"},
  "enforced_by": {"type": "string", "enum": ["cgroup", "rlimit", "none"], "description": "none: nobody can on this machine"}}},
"SizePolicy": {"type": "string", "enum": ["latest", "smallest", "largest", "manual"]},
"SessionList": {"type": "object", "required": ["sessions"], "properties": {
  "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/Session"}}}},
"CreateSession": {"type": "object", "additionalProperties": false, "properties": {
  "command": {"type": "array", "items": {"type": "string"}, "description": "program and arguments; default: the shell"},
  "cwd": {"type": "string"}, "env": {"type": "object", "additionalProperties": {"type": "string"}},
  "cols": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 80},
  "rows": {"type": "integer", "minimum": 1, "maximum": 4096, "default": 24},
  "title": {"type": "string", "maxLength": 256}, "size_policy": {"$ref": "#/components/schemas/SizePolicy"},
  "run_as": {"type": "string", "maxLength": 256, "description": "a system user that the server allows; default: the token's, else the server's"},
  "sandbox": {"type": "string", "description": "a profile of the server; default: the server's"},
  "restart": {"$ref": "#/components/schemas/RestartPolicy"}, "record": {"type": "boolean"},
  "node": {"type": "string", "description": "this node's name"}}},
"Sandbox": {"type": "object", "required": ["name", "description", "base", "network", "home", "seccomp", "writable", "default", "available", "why_not"], "properties": {
  "name": {"type": "string"}, "description": {"type": "string"},
  "base": {"type": "string", "enum": ["none", "workspace", "isolated"]},
  "network": {"type": "string", "enum": ["keep", "none"]}, "home": {"type": "string", "enum": ["keep", "read_only", "hide"]},
  "seccomp": {"type": "string", "enum": ["none", "default", "strict"]},
  "writable": {"type": "array", "items": {"type": "string"}, "description": "besides the working directory"},
  "default": {"type": "boolean", "description": "taken when a request names none"},
  "available": {"type": "boolean", "description": "false: it is known that this machine cannot"}, "why_not": {"type": ["string", "null"]}}},
"SandboxList": {"type": "object", "required": ["sandboxes"], "properties": {
  "sandboxes": {"type": "array", "items": {"$ref": "#/components/schemas/Sandbox"}}}},
"UpdateSession": {"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
  "title": {"type": "string", "maxLength": 256}, "size_policy": {"$ref": "#/components/schemas/SizePolicy"},
  "restart": {"$ref": "#/components/schemas/RestartPolicy"}, "record": {"type": "boolean"}}},
"Size": {"type": "object", "additionalProperties": false, "required": ["cols", "rows"], "properties": {
  "cols": {"type": "integer", "minimum": 1, "maximum": 4096}, "rows": {"type": "integer", "minimum": 1, "maximum": 4096}}},
"Input": {"type": "object", "additionalProperties": false, "minProperties": 1, "properties": {
  "text": {"type": "string"}, "keys": {"type": "array", "items": {"type": "string"}, "description": "typed after the text, named as in tmux"}}},
"InputAccepted": {"type": "object", "required": ["bytes"], "properties": {"bytes": {"type": "integer"}}},
"CommandResult": {"type": "object", "required": ["finished", "exit_status", "output", "truncated", "duration_ms"], "properties": {
  "finished": {"type": "boolean", "description": "false: the time ran out first"}, "exit_status": {"type": ["integer", "null"]},
  "output": {"type": "string"}, "truncated": {"type": "boolean"}, "duration_ms": {"type": "integer"}}},
"Screen": {"type": "object", "required": ["cols", "rows", "cursor", "title", "alternate", "offset", "lines"], "properties": {
  "cols": {"type": "integer"}, "rows": {"type": "integer"},
  "cursor": {"type": "object", "required": ["row", "col", "visible"], "properties": {
    "row": {"type": "integer"}, "col": {"type": "integer"}, "visible": {"type": "boolean"}}},
  "title": {"type": "string"}, "alternate": {"type": "boolean"}, "offset": {"type": "integer"},
  "lines": {"type": "array", "items": {"type": "string"}}}},
"Wait": {"type": "object", "additionalProperties": false, "properties": {
  "text": {"type": "string"}, "regex": {"type": "string"}, "idle_ms": {"type": "integer", "minimum": 1, "maximum": 110000},
  "command": {"type": "boolean", "enum": [true]}, "exit": {"type": "boolean", "enum": [true]},
  "timeout_ms": {"type": "integer", "minimum": 1, "maximum": 110000, "default": 30000},
  "since": {"type": "integer", "minimum": 0}},
  "oneOf": [{"required": ["text"]}, {"required": ["regex"]}, {"required": ["idle_ms"]}, {"required": ["command"]}, {"required": ["exit"]}]},
"WaitResult": {"type": "object", "required": ["met", "reason", "offset", "exit_status"], "properties": {
  "met": {"type": "boolean"}, "reason": {"type": "string"}, "offset": {"type": "integer"}, "exit_status": {"type": ["integer", "null"]}}},
"Token": {"type": "object", "required": ["id", "role", "session", "run_as", "label", "node", "created_at", "expires_at", "last_used_at"], "properties": {
  "id": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"}, "session": {"type": ["string", "null"]},
  "run_as": {"type": ["string", "null"], "description": "the system user of all its new sessions"},
  "label": {"type": "string"}, "node": {"type": ["string", "null"], "description": "UUID of the other node that made it; null: this one"},
  "created_at": {"type": "string", "format": "date-time"},
  "expires_at": {"type": ["string", "null"], "format": "date-time"}, "last_used_at": {"type": ["string", "null"], "format": "date-time"}}},
"TokenList": {"type": "object", "required": ["tokens"], "properties": {
  "tokens": {"type": "array", "items": {"$ref": "#/components/schemas/Token"}}}},
"CreateToken": {"type": "object", "additionalProperties": false, "required": ["role"], "properties": {
  "role": {"$ref": "#/components/schemas/Role"}, "session": {"type": "string"},
  "expires_in_s": {"type": "integer", "minimum": 1}, "label": {"type": "string", "maxLength": 100},
  "run_as": {"type": "string", "maxLength": 256, "description": "its sessions run as this system user, whom the server must allow"}}},
"NewToken": {"type": "object", "required": ["id", "token", "role", "session", "run_as", "label", "created_at", "expires_at", "node"], "properties": {
  "id": {"type": "string"}, "node": {"type": ["string", "null"]}, "token": {"type": "string"}, "role": {"$ref": "#/components/schemas/Role"},
  "session": {"type": ["string", "null"]}, "run_as": {"type": ["string", "null"]}, "label": {"type": "string"}, "created_at": {"type": "string", "format": "date-time"},
  "expires_at": {"type": ["string", "null"], "format": "date-time"}}},
"Role": {"type": "string", "enum": ["viewer", "operator", "admin"]},
"Components": {"type": "object", "additionalProperties": {"type": "object", "required": ["ready", "reason"], "properties": {
  "ready": {"type": "boolean"}, "reason": {"type": ["string", "null"]}}}},
"Status": {"type": "object", "required": ["node", "version", "uptime_ms", "sessions", "connections", "components"], "properties": {
  "node": {"type": "string"}, "version": {"type": "string"}, "uptime_ms": {"type": "integer"}, "sessions": {"type": "integer"},
  "connections": {"type": "integer"}, "components": {"$ref": "#/components/schemas/Components"}}},
"ConnectionNumbers": {"type": "object", "required": ["accepted", "opened", "refused", "timed_out", "closed", "bytes_in", "bytes_out", "rtt_ms", "lag_bytes"], "properties": {
  "accepted": {"type": "integer"}, "opened": {"type": "integer"},
  "refused": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "by reason"},
  "timed_out": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "by phase"},
  "closed": {"type": "object", "additionalProperties": {"type": "integer"}, "description": "by close code"},
  "bytes_in": {"type": "integer"}, "bytes_out": {"type": "integer"},
  "rtt_ms": {"$ref": "#/components/schemas/Quantiles"}, "lag_bytes": {"$ref": "#/components/schemas/Quantiles"}}},
"Quantiles": {"type": "object", "required": ["p50", "p99"], "properties": {"p50": {"type": "number"}, "p99": {"type": "number"}}},
"Connection": {"type": "object", "required": ["id", "user", "address", "opened_at", "rtt_ms", "streams", "queued_bytes", "lag_bytes"], "properties": {
  "id": {"type": "string"}, "user": {"type": "string"}, "address": {"type": "string"}, "opened_at": {"type": "string", "format": "date-time"},
  "rtt_ms": {"type": ["number", "null"]}, "streams": {"type": "integer"}, "queued_bytes": {"type": "integer"}, "lag_bytes": {"type": "integer"},
  "bytes_in": {"type": "integer"}, "bytes_out": {"type": "integer"}, "idle_ms": {"type": "integer"}}},
"Database": {"type": "object", "required": ["state", "since", "reason", "backend", "attempt", "next_attempt_at", "schema_version", "migration",
    "outbox", "transitions", "pools", "archive"], "properties": {
  "state": {"$ref": "#/components/schemas/DatabaseState"}, "since": {"type": "string", "format": "date-time"},
  "reason": {"type": ["string", "null"], "description": "why it is not ready, for people"},
  "backend": {"type": "string", "enum": ["postgresql", "sqlite", "memory"]},
  "attempt": {"type": "integer", "description": "attempts that failed in a row"},
  "next_attempt_at": {"type": ["string", "null"], "format": "date-time"},
  "schema_version": {"type": "integer", "description": "the last migration that is applied"},
  "migration": {"type": ["object", "null"], "required": ["step", "steps"], "properties": {"step": {"type": "integer"}, "steps": {"type": "integer"}}},
  "outbox": {"type": "integer", "description": "writes that the database does not have yet"},
  "transitions": {"type": "array", "description": "the last 64, oldest first", "items": {"type": "object", "required": ["state", "at", "reason"],
    "properties": {"state": {"$ref": "#/components/schemas/DatabaseState"}, "at": {"type": "string", "format": "date-time"},
      "reason": {"type": ["string", "null"]}}}},
  "pools": {"type": "array", "description": "connections to the database that nodes share; empty: there is none", "items": {"type": "object",
    "required": ["name", "size", "busy", "waiting", "timeouts", "refused"], "properties": {
      "name": {"type": "string", "enum": ["app", "init", "analytics"]}, "size": {"type": "integer", "description": "connections at most"},
      "busy": {"type": "integer"}, "waiting": {"type": "integer", "description": "questions without a connection"},
      "timeouts": {"type": "integer"}, "refused": {"type": "integer", "description": "because too many were waiting"}}}},
  "archive": {"type": "object", "required": ["waiting", "written", "dropped", "outbox", "shipped"], "properties": {
    "waiting": {"type": "integer", "description": "records that are not in the node's own file yet"}, "written": {"type": "integer"},
    "dropped": {"type": "integer", "description": "records that found no room"},
    "outbox": {"type": "integer", "description": "records that the shared database does not have yet"}, "shipped": {"type": "integer"}}}}},
"History": {"type": "object", "required": ["sessions", "next"], "properties": {
  "sessions": {"type": "array", "items": {"$ref": "#/components/schemas/PastSession"}},
  "next": {"type": ["string", "null"], "description": "cursor of what follows; null: nothing"}}},
"PastSession": {"type": "object", "required": ["id", "node", "title", "command", "cwd", "owner", "sandbox", "run_as", "epoch", "created_at", "exited_at",
    "exit_status", "signal", "state", "offset"], "properties": {
  "id": {"type": "string"}, "node": {"type": "string", "description": "the node's UUID"}, "title": {"type": "string"},
  "command": {"type": ["array", "null"], "items": {"type": "string"}}, "cwd": {"type": "string"}, "owner": {"type": "string"},
  "sandbox": {"type": "string"}, "run_as": {"type": ["string", "null"]}, "epoch": {"type": "string"},
  "created_at": {"type": "string", "format": "date-time"}, "exited_at": {"type": ["string", "null"], "format": "date-time"},
  "exit_status": {"type": ["integer", "null"]}, "signal": {"type": ["integer", "null"]},
  "state": {"type": "string"}, "offset": {"type": "integer", "description": "bytes of output when it was written down"}}},
"Audit": {"type": "object", "required": ["records", "next"], "properties": {
  "records": {"type": "array", "items": {"type": "object", "required": ["at", "who", "action", "target", "outcome", "detail", "correlation_id"], "properties": {
    "at": {"type": "string", "format": "date-time"}, "who": {"type": "string", "description": "label of the credential; empty: none was known"},
    "action": {"type": "string"}, "target": {"type": "string", "description": "id of what it was done to"},
    "outcome": {"type": "string", "enum": ["asked", "done", "refused", "rejected", "failed"]}, "detail": {"type": ["object", "null"]},
    "correlation_id": {"type": "string"}}}},
  "next": {"type": ["string", "null"], "description": "cursor of what follows; null: nothing"}}},
"PastConnections": {"type": "object", "required": ["connections", "next"], "properties": {
  "connections": {"type": "array", "items": {"type": "object", "required": ["id", "node", "who", "address", "opened_at", "closed_at", "close_code",
      "reason", "bytes_in", "bytes_out"], "properties": {
    "id": {"type": "string"}, "node": {"type": "string", "description": "the node's UUID"}, "who": {"type": "string"}, "address": {"type": "string"},
    "opened_at": {"type": "string", "format": "date-time"}, "closed_at": {"type": ["string", "null"], "format": "date-time"},
    "close_code": {"type": ["integer", "null"]}, "reason": {"type": ["string", "null"]},
    "bytes_in": {"type": "integer"}, "bytes_out": {"type": "integer"}}}},
  "next": {"type": ["string", "null"], "description": "cursor of what follows; null: nothing"}}},
"SearchHits": {"type": "object", "required": ["hits", "next"], "properties": {
  "hits": {"type": "array", "items": {"$ref": "#/components/schemas/SearchHit"}},
  "next": {"type": ["string", "null"], "description": "cursor of what follows; null: nothing"}}},
"SearchHit": {"type": "object", "required": ["session", "title", "node", "epoch", "from_offset", "to_offset", "at", "command", "exit_status", "parts"],
  "properties": {
  "session": {"type": "string"}, "title": {"type": "string"}, "node": {"type": "string", "description": "the node's UUID"},
  "epoch": {"type": "string"},
  "from_offset": {"type": "integer", "description": "where the text lies in the session's output"}, "to_offset": {"type": "integer"},
  "at": {"type": "string", "format": "date-time", "description": "when the command began, or else when it was printed"},
  "command": {"type": "string", "description": "the command line; empty where the shell did not tell"},
  "exit_status": {"type": ["integer", "null"], "description": "of the command, as far as it is known"},
  "parts": {"type": "array", "description": "the text around the first match, in order", "items": {"type": "object",
    "required": ["text", "match"], "properties": {"text": {"type": "string"}, "match": {"type": "boolean"}}}}}},
"DatabaseState": {"type": "string", "enum": ["idle", "connecting", "locking", "inspecting", "migrating", "verifying", "ready", "memory-only",
  "catching-up", "blocked"]},
"ConnectionList": {"type": "object", "required": ["total", "limits", "used", "pressure", "windows", "totals", "connections"], "properties": {
  "total": {"type": "integer"}, "limits": {"type": "object", "additionalProperties": {"type": "integer"}},
  "used": {"type": "object", "additionalProperties": {"type": "integer"}}, "pressure": {"type": "integer", "minimum": 0, "maximum": 2},
  "windows": {"type": "object", "additionalProperties": {"$ref": "#/components/schemas/ConnectionNumbers"}},
  "totals": {"$ref": "#/components/schemas/ConnectionNumbers"},
  "connections": {"type": "array", "items": {"$ref": "#/components/schemas/Connection"}}}},
"ChannelState": {"type": "string", "enum": ["closed", "open", "half-open", "forced-open", "disabled", "metrics-only"]},
"ChannelWindow": {"type": "object", "required": ["calls", "failed", "slow"], "properties": {
  "calls": {"type": "integer"}, "failed": {"type": "integer"}, "slow": {"type": "integer"},
  "length_ms": {"type": "integer"}}},
"ChannelTransition": {"type": "object", "required": ["at", "what", "from", "to", "why", "window"], "properties": {
  "at": {"type": "string", "format": "date-time"},
  "what": {"type": "string", "enum": ["state_changed", "would_trip", "override_set", "override_cleared", "override_expired", "config_changed"]},
  "from": {"$ref": "#/components/schemas/ChannelState"}, "to": {"$ref": "#/components/schemas/ChannelState"},
  "why": {"type": "string"}, "window": {"$ref": "#/components/schemas/ChannelWindow"}}},
"ChannelOverride": {"type": ["object", "null"], "required": ["state", "who", "reason", "expires_at"], "properties": {
  "state": {"type": "string", "enum": ["forced-open", "disabled", "metrics-only"]}, "who": {"type": "string"},
  "reason": {"type": "string"}, "expires_at": {"type": ["string", "null"], "format": "date-time"}}},
"Channel": {"type": "object", "required": ["name", "state", "since", "retry_after_ms", "window", "in_flight", "waiting", "limit", "timeout_ms",
    "consecutive_failures", "generation", "config_version", "override", "transport", "fallback", "idempotent", "totals", "transitions"], "properties": {
  "name": {"type": "string"}, "state": {"$ref": "#/components/schemas/ChannelState"}, "since": {"type": "string", "format": "date-time"},
  "retry_after_ms": {"type": "integer", "description": "until the breaker lets something pass; 0: it does"},
  "window": {"$ref": "#/components/schemas/ChannelWindow"},
  "in_flight": {"type": "integer"}, "waiting": {"type": "integer"}, "limit": {"type": "integer", "description": "of attempts at a time, now"},
  "timeout_ms": {"type": "integer", "description": "of an attempt, now"}, "consecutive_failures": {"type": "integer"},
  "generation": {"type": "integer"}, "config_version": {"type": "integer"},
  "override": {"$ref": "#/components/schemas/ChannelOverride"},
  "transport": {"type": "object", "required": ["kind", "up", "pid", "starts", "unknown_messages", "violations"], "properties": {
    "kind": {"type": "string", "enum": ["stdio", "unix", "http"]}, "up": {"type": "boolean"}, "pid": {"type": ["integer", "null"]},
    "starts": {"type": "integer"}, "unknown_messages": {"type": "integer"}, "violations": {"type": "integer"}}},
  "fallback": {"type": "boolean"}, "idempotent": {"type": "boolean"},
  "totals": {"type": "object", "required": ["calls", "ok", "degraded", "failed", "retries", "fallback_failed", "opens", "late"], "properties": {
    "calls": {"type": "integer"}, "ok": {"type": "integer"}, "degraded": {"type": "integer"},
    "failed": {"type": "object", "additionalProperties": {"type": "integer"}}, "retries": {"type": "integer"},
    "fallback_failed": {"type": "integer"}, "opens": {"type": "integer"}, "late": {"type": "integer"}}},
  "transitions": {"type": "array", "items": {"$ref": "#/components/schemas/ChannelTransition"}}}},
"ChannelList": {"type": "object", "required": ["channels"], "properties": {
  "channels": {"type": "array", "items": {"$ref": "#/components/schemas/Channel"}}}},
"Call": {"type": "object", "additionalProperties": false, "required": ["method"], "properties": {
  "method": {"type": "string", "minLength": 1, "maxLength": 128},
  "params": {"type": ["object", "array"]},
  "timeout_ms": {"type": "integer", "minimum": 1, "maximum": 600000, "description": "of the whole call; default: the channel's"}}},
"CallAnswer": {"type": "object", "required": ["value", "degraded", "reason", "age_ms", "attempts", "breaker"], "properties": {
  "value": {}, "degraded": {"type": "boolean", "description": "the value is a fallback's"},
  "reason": {"type": ["string", "null"], "enum": ["timeout", "rejected", "channel_unavailable", "transport", "protocol", "helper_error", "overload", "cancelled", null]},
  "age_ms": {"type": "integer", "description": "of a last good value"}, "attempts": {"type": "integer"},
  "breaker": {"$ref": "#/components/schemas/ChannelState"}}},
"Override": {"type": "object", "additionalProperties": false, "required": ["state", "reason"], "properties": {
  "state": {"type": "string", "enum": ["open", "disabled", "metrics-only"]},
  "reason": {"type": "string", "minLength": 1, "maxLength": 200},
  "ttl_s": {"type": "integer", "minimum": 1, "maximum": 604800, "description": "default: until it is cleared"}}},
"LoginUrl": {"type": "object", "required": ["url"], "properties": {"url": {"type": "string"}}},
"OpenApi": {"type": "object", "required": ["openapi", "info", "paths"], "properties": {
  "openapi": {"type": "string"}, "info": {"type": "object"}, "paths": {"type": "object"}}},
"Health": {"type": "object", "required": ["alive"], "properties": {"alive": {"type": "boolean"}}},
"Readiness": {"type": "object", "required": ["ready", "components"], "properties": {
  "ready": {"type": "boolean"}, "components": {"$ref": "#/components/schemas/Components"}}}
})json";

} // namespace

std::string_view openapi_schemas() { return schemas; }

} // namespace roost::connection::api
