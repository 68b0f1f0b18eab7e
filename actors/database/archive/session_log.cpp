#include "actors/database/archive/session_log.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/serialize.hpp>

#include <utility>

namespace roost::database {

namespace {

namespace json = boost::json;

std::string command_json(const std::vector<std::string>& words) {
  json::array out;
  for (const auto& word : words)
    out.emplace_back(word);
  return json::serialize(out);
}

std::string detail_of(const session_info& info) {
  json::object out;
  if (info.exit_status)
    out["exit_status"] = *info.exit_status;
  if (info.signal)
    out["signal"] = *info.signal;
  if (!info.end_reason.empty())
    out["end_reason"] = info.end_reason;
  return json::serialize(out);
}

} // namespace

session_record session_log::record_of(const session_info& info) const {
  session_record out;
  out.id = info.id.value;
  out.node = node_;
  out.title = info.title;
  out.command = command_json(info.command);
  out.cwd = info.cwd;
  out.owner = info.owner;
  out.sandbox = info.sandbox;
  out.run_as = info.run_as;
  out.epoch = info.epoch;
  out.created_at = info.created_at;
  out.exited_at = info.exited_at;
  out.exit_status = info.exit_status;
  out.signal = info.signal;
  out.state = to_string(info.state);
  out.offset = info.offset;
  return out;
}

bool session_log::is_news(const session_record& now) {
  auto& before = written_[now.id];
  auto same = now;
  same.offset = before.offset; // grows all the time: written with the next thing that changes
  if (before == same)
    return false;
  before = now;
  return true;
}

std::vector<record> session_log::on(session_moment what, const session_info& info, wall_time at) {
  auto now = record_of(info);
  std::vector<record> out;
  const auto tell = [&](std::string name) {
    changed_.erase(now.id);
    if (is_news(now))
      out.emplace_back(now);
    out.emplace_back(session_event{now.id, at, std::move(name), detail_of(info)});
  };
  switch (what) {
  case session_moment::created:
    tell("created");
    break;
  case session_moment::exited:
    tell(info.state == session_state::lost ? "lost" : "exited");
    break;
  case session_moment::removed:
    tell("removed");
    written_.erase(now.id);
    break;
  case session_moment::changed:
    changed_[now.id] = std::move(now);
    break;
  }
  return out;
}

std::vector<record> session_log::take_changed() {
  std::vector<record> out;
  for (auto& [id, now] : changed_)
    if (is_news(now))
      out.emplace_back(std::move(now));
  changed_.clear();
  return out;
}

} // namespace roost::database
