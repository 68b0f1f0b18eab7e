#include "actors/database/pg/pg_target.hpp"

#include <libpq-fe.h>

#include <map>
#include <memory>

namespace roost::database {

namespace {

std::map<std::string, std::string> words_of(const std::string& url, std::string& problem) {
  std::map<std::string, std::string> out;
  char* text = nullptr;
  const std::unique_ptr<PQconninfoOption, void (*)(PQconninfoOption*)> parsed(
      PQconninfoParse(url.c_str(), &text), PQconninfoFree);
  if (text != nullptr) {
    problem = text;
    PQfreemem(text);
  }
  if (parsed)
    for (const auto* each = parsed.get(); each->keyword != nullptr; ++each)
      if (each->val != nullptr)
        out[each->keyword] = each->val;
  return out;
}

std::string quoted(std::string_view value) {
  std::string out = "'";
  for (const char c : value) {
    if (c == '\'' || c == '\\')
      out += '\\';
    out += c;
  }
  return out + "'";
}

} // namespace

result<pg_target> pg_target::parse(std::string_view url) {
  pg_target out;
  out.url_ = url;
  std::string problem;
  const auto words = words_of(out.url_, problem);
  const auto get = [&](const char* name, const char* otherwise) {
    const auto found = words.find(name);
    return found == words.end() || found->second.empty() ? otherwise : found->second;
  };
  // A password with '@' or '/' in it: its rest would be the name of a host, in every message.
  const bool is_torn = get("host", "").find('@') != std::string::npos ||
                       get("port", "").find_first_not_of("0123456789,") != std::string::npos;
  if (words.empty() || !problem.empty() || is_torn)
    return failure{setup_error::bad_configuration,
                   "not a URL that libpq understands: "
                   "postgresql://[USER[:PASSWORD]@]HOST[:PORT]/DATABASE[?NAME=VALUE&…], with % and "
                   "two hexadecimal digits for special characters"};
  out.shown_ = get("host", "local") + ":" + get("port", "5432") + "/" + get("dbname", "");
  return out;
}

std::string pg_target::words(std::chrono::seconds connect_timeout,
                             std::string_view application) const {
  std::string ignored;
  auto words = words_of(url_, ignored);
  const auto otherwise = [&](const char* name, std::string value) {
    words.try_emplace(name, std::move(value));
  };
  otherwise("connect_timeout", std::to_string(std::max<std::int64_t>(connect_timeout.count(), 2)));
  otherwise("application_name", std::string(application));
  otherwise("target_session_attrs", "read-write");
  otherwise("tcp_user_timeout", "5000");
  otherwise("keepalives_idle", "10");
  otherwise("keepalives_interval", "5");
  otherwise("keepalives_count", "3");
  std::string out;
  for (const auto& [name, value] : words)
    out += name + "=" + quoted(value) + " ";
  return out;
}

} // namespace roost::database
