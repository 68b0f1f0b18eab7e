#include "actors/terminal/session_note.hpp"

#include "protocols/wire/session_memory.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>

#include <algorithm>
#include <array>
#include <cmath>
#include <exception>
#include <span>
#include <type_traits>
#include <utility>

namespace roost::terminal {

namespace {

namespace json = boost::json;

/// What a note may hold: bytes of one text, and of a command's arguments together.
struct note_limits {
  std::size_t text;
  std::size_t command;
};
// Tried one after the other until the note fits. With the last, which lets through what people name
// their things by, it always does: a byte takes six at most (\u0001).
constexpr std::array<note_limits, 4> limits = {
    {{16 * 1024, 40 * 1024}, {2 * 1024, 16 * 1024}, {256, 5 * 1024}, {256, 1024}}};
// Of a wish, which is kept whole or not at all: bytes of JSON. Fits beside all else, see above.
constexpr std::size_t longest_wish = std::size_t{24} << 10;
constexpr std::string_view cut_mark = "\xe2\x80\xa6"; // "…"

// Deeper nesting than this no build writes, nor reads.
constexpr std::size_t max_depth = 16;

// There are six kinds of limits today, with short names.
constexpr std::size_t most_limits = 16;
constexpr std::size_t longest_word = 32;

constexpr std::array<std::pair<std::string_view, size_policy_kind>, 4> policies = {{
    {"latest", size_policy_kind::latest},
    {"smallest", size_policy_kind::smallest},
    {"largest", size_policy_kind::largest},
    {"manual", size_policy_kind::manual},
}};

constexpr std::array<std::pair<std::string_view, restart_policy>, 3> restart_policies = {{
    {"never", restart_policy::never},
    {"on-failure", restart_policy::on_failure},
    {"always", restart_policy::always},
}};

json::object write(const program_wish& wish) {
  json::object o;
  o["command"] = json::array(wish.command.begin(), wish.command.end());
  o["cwd"] = wish.cwd;
  json::array env;
  for (const auto& [name, value] : wish.env)
    env.push_back(json::array{name, value});
  o["env"] = std::move(env);
  return o;
}

/// Writes no more than it was told.
class note_writer {
public:
  explicit note_writer(const note_limits& most) : limits_(most) {}

  json::object write(const session_note& n) const {
    json::object o;
    o["version"] = n.version;
    o["title"] = cut(n.title);
    o["title_is_set"] = n.title_is_set;
    for (const auto& [name, policy] : policies)
      if (policy == n.size_policy)
        o["size_policy"] = name;
    o["owner"] = cut(n.owner);
    o["created_at"] = milliseconds(n.created_at);
    if (n.exited_at)
      o["exited_at"] = milliseconds(*n.exited_at);
    put(o, "exit_status", n.exit_status);
    put(o, "signal", n.signal);
    json::array command;
    for (std::size_t bytes = 0; const auto& argument : n.command) {
      auto text = cut(argument);
      bytes += text.size() + 1;
      const bool fits = bytes <= limits_.command;
      command.emplace_back(fits ? std::string_view(text) : cut_mark);
      if (!fits)
        break;
    }
    o["command"] = std::move(command);
    o["cwd"] = cut(n.cwd);
    o["epoch"] = cut(n.epoch);
    o["sandbox"] = cut(n.sandbox);
    o["run_as"] = cut(n.run_as);
    o["is_kill_requested"] = n.is_kill_requested;
    json::array bounds;
    for (const auto& limit : n.limits)
      if (bounds.size() < most_limits && limit.name.size() <= longest_word &&
          limit.enforced_by.size() <= longest_word)
        bounds.push_back(
            json::object{{"name", limit.name}, {"value", limit.value}, {"by", limit.enforced_by}});
    o["limits"] = std::move(bounds);
    if (!n.end_reason.empty())
      o["end_reason"] = cut(n.end_reason);
    o["record"] = n.record;
    o["record_from"] = n.record_from;
    o["shell"] = write(n.shell);
    o["restart"] = write_restart(n);
    json::array sizes;
    const auto skipped = n.sizes.size() - std::min(n.sizes.size(), screen_follower::max_sizes);
    for (const auto& s : std::span(n.sizes).subspan(skipped))
      sizes.push_back(json::array{s.offset, s.size.cols, s.size.rows});
    o["sizes"] = std::move(sizes);
    return o;
  }

private:
  [[nodiscard]] std::string cut(std::string_view text) const {
    if (text.size() <= limits_.text)
      return std::string(text);
    auto at = limits_.text;
    // Not inside a character, if it is one.
    for (int i = 0; i < 3 && at > 0 && (static_cast<unsigned char>(text[at]) & 0xc0) == 0x80; ++i)
      --at;
    return std::string(text.substr(0, at)).append(cut_mark);
  }

  [[nodiscard]] json::object write(const shell_memory& shell) const {
    const auto& s = shell.state;
    json::object o;
    o["cwd"] = cut(s.cwd);
    o["title"] = cut(s.title);
    o["has_marks"] = s.has_marks;
    o["at_prompt"] = s.at_prompt;
    o["is_running"] = s.is_running;
    o["command_line"] = cut(s.command_line);
    o["last_command_line"] = cut(s.last_command_line);
    put(o, "last_exit_status", s.last_exit_status);
    o["commands"] = s.commands;
    o["output_begin"] = s.output_begin;
    o["output_end"] = s.output_end;
    o["next_command"] = cut(shell.next_command);
    o["is_entered"] = shell.is_entered;
    o["offset"] = shell.offset;
    return o;
  }

  static json::object write_restart(const session_note& n) {
    const auto& r = n.restart;
    json::object o;
    for (const auto& [name, policy] : restart_policies)
      if (policy == r.policy)
        o["policy"] = name;
    o["count"] = r.count;
    if (r.next_at)
      o["next_at"] = milliseconds(*r.next_at);
    put(o, "last_exit_status", r.last_exit_status);
    put(o, "last_signal", r.last_signal);
    o["given_up"] = r.has_given_up;
    o["in_row"] = n.restarts_in_row;
    o["ended_pid"] = n.ended_pid;
    if (n.program_started_at)
      o["started_at"] = milliseconds(*n.program_started_at);
    if (n.wish)
      o["wish"] = roost::terminal::write(*n.wish);
    return o;
  }

  static void put(json::object& o, std::string_view name, const std::optional<int>& value) {
    if (value)
      o[name] = *value;
  }
  static std::int64_t milliseconds(wall_time at) {
    return std::chrono::duration_cast<std::chrono::milliseconds>(at.time_since_epoch()).count();
  }

  note_limits limits_;
};

/// Takes known fields out of an object: what is left is for others.
class note_reader {
public:
  explicit note_reader(json::object& from) : from_(from) {}

  void take(std::string_view name, std::string& to) {
    if (const auto* value = find(name); value && value->is_string())
      to.assign(value->get_string().data(), value->get_string().size());
    from_.stable_erase(name);
  }
  void take(std::string_view name, bool& to) {
    if (const auto* value = find(name); value && value->is_bool())
      to = value->get_bool();
    from_.stable_erase(name);
  }
  template <class Number>
  requires(std::is_integral_v<Number> &&
           !std::is_same_v<Number, bool>) void take(std::string_view name, Number& to) {
    if (const auto read = number<Number>(find(name)))
      to = *read;
    from_.stable_erase(name);
  }
  template <class Number>
  void take(std::string_view name, std::optional<Number>& to) {
    to = number<Number>(find(name));
    from_.stable_erase(name);
  }
  void take(std::string_view name, std::optional<wall_time>& to) {
    // Within what the clock can say.
    constexpr auto most =
        std::chrono::duration_cast<std::chrono::milliseconds>(wall_time::duration::max()).count();
    if (const auto read = number<std::int64_t>(find(name)); read && *read >= 0 && *read <= most)
      to = wall_time(std::chrono::milliseconds(*read));
    from_.stable_erase(name);
  }
  void take(std::string_view name, std::vector<std::string>& to) {
    if (const auto* value = find(name); value && value->is_array())
      for (const auto& one : value->get_array())
        if (one.is_string())
          to.emplace_back(one.get_string().data(), one.get_string().size());
    from_.stable_erase(name);
  }
  void take(std::string_view name, std::vector<size_change>& to) {
    if (const auto* value = find(name); value && value->is_array())
      for (const auto& one : value->get_array())
        if (const auto read = size(one); read && to.size() < screen_follower::max_sizes)
          to.push_back(*read);
    from_.stable_erase(name);
  }
  void take(std::string_view name, std::vector<session_limit>& to) {
    if (auto* value = from_.if_contains(name); value && value->is_array())
      for (auto& one : value->get_array())
        if (one.is_object() && to.size() < most_limits) {
          boost::system::error_code error;
          const auto* amount = one.get_object().if_contains("value");
          const auto read = amount ? amount->to_number<double>(error) : 0;
          auto& limit = to.emplace_back();
          limit.value = error || !std::isfinite(read) ? 0 : read;
          note_reader fields(one.get_object());
          fields.take("name", limit.name);
          fields.take("by", limit.enforced_by);
        }
    from_.stable_erase(name);
  }
  void take(std::string_view name, size_policy_kind& to) {
    std::string word;
    take(name, word);
    for (const auto& [known, policy] : policies)
      if (known == word)
        to = policy;
  }
  void take(std::string_view name, restart_policy& to) {
    std::string word;
    take(name, word);
    for (const auto& [known, policy] : restart_policies)
      if (known == word)
        to = policy;
  }
  void take_restart(session_note& to) {
    if (auto* value = from_.if_contains("restart"); value && value->is_object()) {
      note_reader in(value->get_object());
      in.take("policy", to.restart.policy);
      in.take("count", to.restart.count);
      in.take("next_at", to.restart.next_at);
      in.take("last_exit_status", to.restart.last_exit_status);
      in.take("last_signal", to.restart.last_signal);
      in.take("given_up", to.restart.has_given_up);
      in.take("in_row", to.restarts_in_row);
      in.take("ended_pid", to.ended_pid);
      in.take("started_at", to.program_started_at);
      in.take("wish", to.wish);
    }
    from_.stable_erase("restart");
  }
  /// All of it, or nothing: half a command is another command.
  void take(std::string_view name, std::optional<program_wish>& to) {
    if (const auto* value = find(name); value && value->is_object())
      to = wish(value->get_object());
    from_.stable_erase(name);
  }
  void take(std::string_view name, shell_memory& to) {
    if (auto* value = from_.if_contains(name); value && value->is_object()) {
      note_reader shell(value->get_object());
      auto& s = to.state;
      shell.take("cwd", s.cwd);
      shell.take("title", s.title);
      shell.take("has_marks", s.has_marks);
      shell.take("at_prompt", s.at_prompt);
      shell.take("is_running", s.is_running);
      shell.take("command_line", s.command_line);
      shell.take("last_command_line", s.last_command_line);
      shell.take("last_exit_status", s.last_exit_status);
      shell.take("commands", s.commands);
      shell.take("output_begin", s.output_begin);
      shell.take("output_end", s.output_end);
      shell.take("next_command", to.next_command);
      shell.take("is_entered", to.is_entered);
      shell.take("offset", to.offset);
    }
    from_.stable_erase(name);
  }

private:
  [[nodiscard]] const json::value* find(std::string_view name) const {
    return from_.if_contains(name);
  }

  template <class Number>
  static std::optional<Number> number(const json::value* value) {
    if (!value)
      return std::nullopt;
    boost::system::error_code error;
    const auto read = value->to_number<Number>(error);
    return error || value->is_double() ? std::nullopt : std::optional<Number>(read);
  }

  static std::optional<program_wish> wish(const json::object& from) {
    const auto* const command = from.if_contains("command");
    const auto* const cwd = from.if_contains("cwd");
    const auto* const env = from.if_contains("env");
    if (!command || !command->is_array() || !cwd || !cwd->is_string() || !env || !env->is_array())
      return std::nullopt;
    program_wish read;
    for (const auto& word : command->get_array()) {
      if (!word.is_string())
        return std::nullopt;
      read.command.emplace_back(word.get_string());
    }
    read.cwd = cwd->get_string();
    for (const auto& one : env->get_array()) {
      if (!one.is_array() || one.get_array().size() != 2 || !one.get_array()[0].is_string() ||
          !one.get_array()[1].is_string())
        return std::nullopt;
      read.env.emplace_back(one.get_array()[0].get_string(), one.get_array()[1].get_string());
    }
    return read;
  }

  static std::optional<size_change> size(const json::value& value) {
    if (!value.is_array() || value.get_array().size() != 3)
      return std::nullopt;
    const auto& row = value.get_array();
    const auto offset = number<std::uint64_t>(&row[0]);
    const auto cols = number<std::uint16_t>(&row[1]);
    const auto rows = number<std::uint16_t>(&row[2]);
    if (!offset || !cols || !rows || !is_valid_size(*cols, *rows))
      return std::nullopt;
    return size_change{*offset, {*cols, *rows}};
  }

  json::object& from_;
};

json::parse_options lenient() {
  json::parse_options options;
  options.max_depth = max_depth;
  // Arguments and folders are bytes, whatever they mean.
  options.allow_invalid_utf8 = true;
  return options;
}

result<json::value> parse(std::string_view text) {
  const failure bad{request_error::bad_json, "a session's note"};
  // Memory for it may lack: that is a failure, too.
  try {
    boost::system::error_code error;
    auto value = json::parse({text.data(), text.size()}, error, {}, lenient());
    if (error || !value.is_object())
      return bad;
    return value;
  } catch (const std::exception&) {
    return bad;
  }
}

} // namespace

bool fits_note(const program_wish& wish) {
  return json::serialize(write(wish)).size() <= longest_wish;
}

std::string write_note(const session_note& note) {
  json::object others;
  if (!note.extra.empty())
    if (auto parsed = parse(note.extra))
      others = std::move(parsed->get_object());
  for (const bool with_others : {true, false})
    for (const auto& most : limits) {
      auto all = note_writer(most).write(note);
      if (with_others)
        for (const auto& field : others)
          if (!all.contains(field.key()))
            all.insert(field);
      auto text = json::serialize(all);
      if (text.size() <= keeper::note_bytes)
        return text;
    }
  return "{}"; // not reached: the last limits fit
}

result<session_note> read_note(std::string_view text) {
  auto parsed = parse(text);
  if (!parsed)
    return std::move(parsed).error();
  auto& object = parsed->get_object();
  session_note n;
  std::optional<wall_time> created_at;
  note_reader in(object);
  in.take("version", n.version);
  in.take("title", n.title);
  in.take("title_is_set", n.title_is_set);
  in.take("size_policy", n.size_policy);
  in.take("owner", n.owner);
  in.take("created_at", created_at);
  n.created_at = created_at.value_or(wall_time{});
  in.take("exited_at", n.exited_at);
  in.take("exit_status", n.exit_status);
  in.take("signal", n.signal);
  in.take("command", n.command);
  in.take("cwd", n.cwd);
  in.take("epoch", n.epoch);
  in.take("sandbox", n.sandbox);
  in.take("run_as", n.run_as);
  in.take("limits", n.limits);
  in.take("shell", n.shell);
  in.take("sizes", n.sizes);
  in.take("is_kill_requested", n.is_kill_requested);
  in.take_restart(n);
  in.take("end_reason", n.end_reason);
  in.take("record", n.record);
  in.take("record_from", n.record_from);
  if (!object.empty())
    n.extra = json::serialize(object);
  return n;
}

} // namespace roost::terminal
