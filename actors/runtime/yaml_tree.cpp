#include "actors/runtime/yaml_tree.hpp"

#include <algorithm>
#include <array>
#include <sstream>
#include <stdexcept>

#include <fmt/format.h>
#include <yaml-cpp/eventhandler.h>
#include <yaml-cpp/exceptions.h>
#include <yaml-cpp/mark.h>
#include <yaml-cpp/parser.h>

#include "actors/runtime/text_escape.hpp"

namespace roost {

namespace {

text_position position(const YAML::Mark& mark) {
  if (mark.is_null())
    return {};
  return {mark.line + 1, mark.column + 1};
}

/// Leaves the parser from inside a callback; never leaves this file.
struct refused : std::runtime_error {
  refused(text_position where, const std::string& message)
      : std::runtime_error(message), at(where) {}
  text_position at;
};

/// Builds the tree from the parser's events, so that limits hold while it grows.
class tree_builder final : public YAML::EventHandler {
public:
  explicit tree_builder(const yaml_limits& limits) : limits_(limits) {}

  yaml_node take() { return std::move(root_); }

  void OnDocumentStart(const YAML::Mark& /*mark*/) override {}
  void OnDocumentEnd() override {}

  void OnAnchor(const YAML::Mark& mark, const std::string& /*name*/) override {
    throw refused(position(mark), "anchors (&name) are not supported, write the value out");
  }

  void OnAlias(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    throw refused(position(mark), "aliases (*name) are not supported, write the value out");
  }

  void OnNull(const YAML::Mark& mark, YAML::anchor_t /*anchor*/) override {
    add(make(yaml_node::kind::null, mark, ""));
  }

  void OnScalar(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                const std::string& value) override {
    auto node = make(yaml_node::kind::scalar, mark, tag);
    node.text = value;
    // yaml-cpp's way of saying "was quoted": the non-specific tag.
    node.is_quoted = tag == "!";
    add(std::move(node));
  }

  void OnSequenceStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                       YAML::EmitterStyle::value /*style*/) override {
    open(make(yaml_node::kind::sequence, mark, tag));
  }
  void OnSequenceEnd() override { close(); }

  void OnMapStart(const YAML::Mark& mark, const std::string& tag, YAML::anchor_t /*anchor*/,
                  YAML::EmitterStyle::value /*style*/) override {
    open(make(yaml_node::kind::map, mark, tag));
  }
  void OnMapEnd() override { close(); }

private:
  /// A collection under construction; for a map also the key that waits for its value.
  struct frame {
    yaml_node node;
    bool has_key = false;
    std::string key;
    text_position key_at;
  };

  yaml_node make(yaml_node::kind type, const YAML::Mark& mark, const std::string& tag) {
    if (++count_ > limits_.nodes)
      throw refused(position(mark), fmt::format("more than {} values", limits_.nodes));
    if (!tag.empty() && tag != "!" && tag != "?")
      throw refused(position(mark), "tags (!name) are not supported");
    yaml_node node;
    node.type = type;
    node.at = position(mark);
    return node;
  }

  void open(yaml_node node) {
    if (open_.size() >= limits_.depth)
      throw refused(node.at, fmt::format("nested deeper than {} levels", limits_.depth));
    if (!open_.empty() && open_.back().node.type == yaml_node::kind::map && !open_.back().has_key)
      throw refused(node.at, "a key must be plain text");
    open_.push_back({std::move(node), false, {}, {}});
  }

  void close() {
    auto node = std::move(open_.back().node);
    open_.pop_back();
    add(std::move(node));
  }

  void add(yaml_node node) {
    if (open_.empty()) {
      root_ = std::move(node);
      return;
    }
    auto& parent = open_.back();
    if (parent.node.type == yaml_node::kind::sequence) {
      parent.node.items.push_back(std::move(node));
    } else if (parent.has_key) {
      parent.node.members.push_back({std::move(parent.key), parent.key_at, std::move(node)});
      parent.has_key = false;
    } else if (node.type == yaml_node::kind::scalar) {
      if (node.text == "<<" && !node.is_quoted)
        throw refused(node.at, "merge keys (<<) are not supported, write the values out");
      parent.key = std::move(node.text);
      parent.key_at = node.at;
      parent.has_key = true;
    } else {
      throw refused(node.at, "a key must be plain text");
    }
  }

  yaml_limits limits_;
  std::size_t count_ = 0;
  std::vector<frame> open_;
  yaml_node root_;
};

/// Characters that may stand anywhere in a plain scalar, in any context.
bool is_plain(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_' ||
         c == '/' || c == '.' || c == '+' || c == '-' || c == ':' || c == '@';
}

} // namespace

std::variant<yaml_node, yaml_failure> parse_yaml(std::string_view text, const yaml_limits& limits) {
  if (text.size() > limits.bytes)
    return yaml_failure{{}, fmt::format("larger than {} KiB", limits.bytes / 1024)};
  tree_builder builder(limits);
  try {
    std::istringstream in{std::string(text)};
    YAML::Parser parser(in);
    if (!parser.HandleNextDocument(builder))
      return yaml_node{};
    auto root = builder.take();
    tree_builder second(limits);
    if (parser.HandleNextDocument(second))
      return yaml_failure{second.take().at, "more than one document (---)"};
    return root;
  } catch (const refused& why) {
    return yaml_failure{why.at, why.what()};
  } catch (const YAML::Exception& why) {
    std::string message;
    append_visible(message, why.msg);
    return yaml_failure{position(why.mark), std::move(message)};
  }
}

std::string quote_yaml(std::string_view text) {
  constexpr std::array<std::string_view, 10> not_text = {"null", "Null", "NULL", "true", "false",
                                                         "yes",  "no",   "on",   "off",  "."};
  const bool plain = !text.empty() && std::all_of(text.begin(), text.end(), is_plain) &&
                     text.front() != '-' && text.front() != ':' && text.front() != '@' &&
                     text.back() != ':' &&
                     std::find(not_text.begin(), not_text.end(), text) == not_text.end();
  if (plain)
    return std::string(text);
  std::string out = "\"";
  append_json(out, text);
  return out + "\"";
}

} // namespace roost
