#include "actors/runtime/config_transport.hpp"

#include <algorithm>
#include <array>
#include <optional>
#include <utility>
#include <vector>

#include <fmt/format.h>

#include "actors/runtime/config_section.hpp"
#include "actors/runtime/config_values.hpp"
#include "actors/runtime/text_escape.hpp"

namespace roost {

std::string_view to_string(transport_kind kind) {
  switch (kind) {
  case transport_kind::stdio:
    return "stdio";
  case transport_kind::unix_socket:
    return "unix";
  case transport_kind::http:
    return "http";
  }
  return "stdio";
}

namespace config_values {

namespace {

constexpr std::size_t most_words = 64;
constexpr std::size_t longest_word = 4096;
// sockaddr_un::sun_path is 108 bytes with the zero at its end.
constexpr std::size_t longest_socket_path = 107;
constexpr std::size_t longest_url = 2048;
constexpr std::string_view kind_names = "kind: stdio, kind: unix or kind: http";

constexpr std::array kinds = {transport_kind::stdio, transport_kind::unix_socket,
                              transport_kind::http};

/// A key, and which kind of transport has it.
struct transport_key {
  std::string_view name;
  transport_kind of;
  std::string_view expects;
};
constexpr std::array<transport_key, 4> keys = {{
    {"command", transport_kind::stdio,
     "a program, or a list of a program and up to 63 arguments of up to 4096 bytes"},
    {"folder", transport_kind::stdio, "a folder"},
    {"path", transport_kind::unix_socket, "the path of a Unix socket, up to 107 bytes"},
    {"url", transport_kind::http,
     "http://HOST[:PORT][/PATH] without user, password and fragment, up to 2048 bytes"},
}};

std::optional<transport_kind> kind_of(const yaml_node& from) {
  for (const auto kind : kinds)
    if (from.type == yaml_node::kind::scalar && from.text == to_string(kind))
      return kind;
  return std::nullopt;
}

/// Without a zero byte, which the kernel would take for its end, and without bytes that are not
/// UTF-8, which YAML could not hold when it is printed.
bool is_usable(const std::string& text) {
  std::string stored;
  append_storable(stored, text);
  return stored == text;
}

std::optional<std::vector<std::string>> parse_command(const yaml_node& from) {
  auto words = from.type == yaml_node::kind::scalar
                   ? std::optional(std::vector<std::string>{from.text})
                   : texts_of(from);
  if (!words || words->empty() || words->size() > most_words || words->front().empty())
    return std::nullopt;
  for (const auto& word : *words)
    if (word.size() > longest_word || !is_usable(word))
      return std::nullopt;
  return words;
}

bool is_url_character(char c) {
  return c > ' ' && c < '\x7f' &&
         std::string_view("#\"<>\\^`{|}").find(c) == std::string_view::npos;
}

bool is_http_url(std::string_view text) {
  constexpr std::string_view scheme = "http://";
  if (text.size() > longest_url || !text.starts_with(scheme) ||
      !std::all_of(text.begin(), text.end(), is_url_character))
    return false;
  const auto where = text.substr(scheme.size(), text.find('/', scheme.size()) - scheme.size());
  const auto parsed = parse_endpoint(where);
  return !check_host(where) && !(parsed && parsed->port == 0);
}

class transport_reader {
public:
  transport_reader(const std::string& path, const complaint& complain, const path_resolver& resolve)
      : path_(path), complain_(complain), resolve_(resolve) {}

  transport_config read(const yaml_node& from) {
    const auto* const kind =
        from.type == yaml_node::kind::map ? find_member(from, "kind") : nullptr;
    if (kind == nullptr && from.type != yaml_node::kind::sequence &&
        from.type != yaml_node::kind::scalar) {
      complain_(from.at, path_, fmt::format("say {}", kind_names));
      return out_;
    }
    for_each_key(complain_, path_, from, [&](const yaml_node::member& member) {
      if (member.key != "kind")
        return;
      if (const auto known = kind_of(member.value))
        out_.kind = *known;
      else
        complain_(member.value.at, path_ + ".kind", mismatch("stdio, unix or http", member.value));
    });
    if (kind == nullptr || !kind_of(*kind))
      return out_;
    if (out_.kind == transport_kind::stdio)
      out_.folder = folder(".");
    for (const auto& member : from.members)
      if (member.key != "kind" && find_member(from, member.key) == &member.value)
        read_key(member);
    for (const auto& key : keys)
      if (key.of == out_.kind && key.name != "folder" && find_member(from, key.name) == nullptr)
        complain_(
            from.at, path_,
            fmt::format("kind: {} needs {}: {}", to_string(out_.kind), key.name, key.expects));
    return std::move(out_);
  }

private:
  /// Absolute, without a slash at the end.
  [[nodiscard]] std::string folder(const std::string& text) const {
    auto out = resolve_(text);
    while (out.size() > 1 && out.ends_with('/'))
      out.pop_back();
    return out;
  }

  void read_key(const yaml_node::member& member) {
    const auto* const key = std::find_if(
        keys.begin(), keys.end(), [&](const transport_key& k) { return k.name == member.key; });
    if (key == keys.end()) {
      std::vector<std::string_view> known{"kind"};
      for (const auto& k : keys)
        if (k.of == out_.kind)
          known.push_back(k.name);
      complain_unknown(complain_, path_, member, known);
    } else if (key->of != out_.kind) {
      complain_(member.at, path_ + "." + member.key,
                fmt::format("this key is for kind: {}, and this is kind: {}", to_string(key->of),
                            to_string(out_.kind)));
    } else if (auto wrong = read_value(*key, member.value)) {
      complain_(member.value.at, path_ + "." + member.key, std::move(*wrong));
    }
  }

  std::optional<std::string> read_value(const transport_key& key, const yaml_node& from) {
    if (key.name == "command") {
      if (auto words = parse_command(from)) {
        out_.command = std::move(*words);
        return std::nullopt;
      }
    } else if (key.name == "url") {
      if (from.type == yaml_node::kind::scalar && from.text.starts_with("https://"))
        return "https:// is not supported: put a local proxy in front of the helper and name that "
               "with http://, or use a Unix socket (kind: unix)";
      if (from.type == yaml_node::kind::scalar && is_http_url(from.text)) {
        out_.url = from.text;
        return std::nullopt;
      }
    } else if (from.type == yaml_node::kind::scalar && !from.text.empty() && is_usable(from.text)) {
      auto resolved = folder(from.text);
      const bool is_folder = key.name == "folder";
      if (resolved.size() <= (is_folder ? longest_word : longest_socket_path)) {
        (is_folder ? out_.folder : out_.path) = std::move(resolved);
        return std::nullopt;
      }
    }
    return mismatch(key.expects, from);
  }

  const std::string& path_;
  const complaint& complain_;
  const path_resolver& resolve_;
  transport_config out_;
};

} // namespace

transport_config read_transport(const std::string& path, const yaml_node& from,
                                const complaint& complain, const path_resolver& resolve) {
  return transport_reader(path, complain, resolve).read(from);
}

std::string show_transport(const transport_config& transport) {
  switch (transport.kind) {
  case transport_kind::stdio:
    return fmt::format("{{kind: stdio, command: {}, folder: {}}}", show_list(transport.command),
                       quote_yaml(transport.folder));
  case transport_kind::unix_socket:
    return fmt::format("{{kind: unix, path: {}}}", quote_yaml(transport.path));
  case transport_kind::http:
    return fmt::format("{{kind: http, url: {}}}", quote_yaml(transport.url));
  }
  return "{}";
}

} // namespace config_values

} // namespace roost
