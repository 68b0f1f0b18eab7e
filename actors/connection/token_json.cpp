// The file form of a token_set.
#include "actors/connection/token_set.hpp"

#include "actors/connection/encoding.hpp"

#include <boost/json/array.hpp>
#include <boost/json/object.hpp>
#include <boost/json/parse.hpp>
#include <boost/json/serialize.hpp>
#include <fmt/format.h>

#include <algorithm>

namespace roost::connection {

namespace {

namespace json = boost::json;

constexpr std::int64_t format_version = 1;

// Seconds: nobody needs a token's times finer, and they survive any JSON reader.
std::int64_t to_seconds(wall_time when) {
  return std::chrono::duration_cast<std::chrono::seconds>(when.time_since_epoch()).count();
}

failure damaged(std::string what) {
  return failure(setup_error::data_dir_unusable,
                 "tokens.json: " + std::move(what) +
                     ". Repair the file, or move it away to start without any token.");
}

/// Reads the fields of one object and remembers which it has seen, so that a misspelt or newer
/// field is an error in place of a right that silently disappears.
class object_reader {
public:
  object_reader(const json::object& from, std::string where)
      : from_(from), where_(std::move(where)) {}

  std::string text(std::string_view name) {
    const auto* value = take(name);
    if (value == nullptr || !value->is_string())
      return fail(name, "is not a text"), std::string{};
    return std::string(value->as_string());
  }
  std::optional<wall_time> time(std::string_view name) {
    const auto* value = take(name);
    if (value == nullptr || value->is_null())
      return std::nullopt;
    if (!value->is_int64() || value->as_int64() < 0 || value->as_int64() > 253402300799)
      return fail(name, "is not a time in seconds"), std::nullopt;
    return wall_time(std::chrono::seconds(value->as_int64()));
  }
  std::optional<std::string> optional_text(std::string_view name) {
    const auto* value = from_.if_contains(name);
    if (value != nullptr && !value->is_null())
      return text(name);
    take(name);
    return std::nullopt;
  }
  void fail(std::string_view name, std::string_view what) {
    if (why_.empty())
      why_ = fmt::format("{}.{} {}", where_, name, what);
  }
  /// What is wrong, or nothing.
  std::string finish() {
    if (why_.empty() && seen_ != from_.size())
      why_ = where_ + " has a field that is not known";
    return why_;
  }

private:
  const json::value* take(std::string_view name) {
    const auto* value = from_.if_contains(name);
    seen_ += value != nullptr ? 1 : 0;
    return value;
  }

  const json::object& from_;
  std::string where_;
  std::string why_;
  std::size_t seen_ = 0;
};

json::value optional_time(const std::optional<wall_time>& when) {
  return when ? json::value(to_seconds(*when)) : json::value(nullptr);
}

result<token> read_token(const json::value& from, std::size_t index) {
  const auto where = fmt::format("tokens[{}]", index);
  if (!from.is_object())
    return damaged(where + " is not an object");
  object_reader reader(from.as_object(), where);
  token row;
  row.id = reader.text("id");
  const auto id = from_hex(row.id);
  if (!id || id->size() != 6)
    reader.fail("id", "is not 12 hexadecimal digits");
  const auto hash = from_hex(reader.text("sha256"));
  if (hash && hash->size() == row.hash.size())
    std::copy(hash->begin(), hash->end(), row.hash.begin());
  else
    reader.fail("sha256", "is not 64 hexadecimal digits");
  if (const auto may = parse_role(reader.text("role")))
    row.may = *may;
  else
    reader.fail("role", "is not viewer, operator or admin");
  row.label = reader.text("label");
  if (auto only = reader.optional_text("session"))
    row.only = session_id{std::move(*only)};
  row.run_as = reader.optional_text("run_as").value_or("");
  row.node = reader.optional_text("node").value_or("");
  if (const auto created = reader.time("created_at"))
    row.created_at = *created;
  else
    reader.fail("created_at", "is missing");
  row.expires_at = reader.time("expires_at");
  row.used_at = reader.time("used_at");
  if (auto why = reader.finish(); !why.empty())
    return damaged(std::move(why));
  return row;
}

} // namespace

std::string token_set::to_json() const {
  json::array rows;
  for (const auto& row : tokens_) {
    json::object item;
    item["id"] = row.id;
    item["sha256"] = to_hex(row.hash);
    item["role"] = to_string(row.may);
    item["label"] = row.label;
    item["session"] = row.only ? json::value(row.only->value) : json::value(nullptr);
    // Left out where it says nothing, so that servers which do not know it still read the file.
    if (!row.run_as.empty())
      item["run_as"] = row.run_as;
    if (!row.node.empty())
      item["node"] = row.node;
    item["created_at"] = to_seconds(row.created_at);
    item["expires_at"] = optional_time(row.expires_at);
    item["used_at"] = optional_time(row.used_at);
    rows.push_back(std::move(item));
  }
  json::object document;
  document["version"] = format_version;
  document["tokens"] = std::move(rows);
  return json::serialize(document) + "\n";
}

result<token_set> token_set::from_json(std::string_view text) {
  boost::system::error_code ec;
  const auto document = json::parse(text, ec);
  if (ec)
    return damaged("is not valid JSON");
  const auto* root = document.if_object();
  const auto* version = root != nullptr ? root->if_contains("version") : nullptr;
  const auto* rows = root != nullptr ? root->if_contains("tokens") : nullptr;
  if (version == nullptr || rows == nullptr || root->size() != 2 || !rows->is_array())
    return damaged("must be an object with \"version\" and \"tokens\"");
  if (!version->is_int64() || version->as_int64() != format_version)
    return damaged("was written by another version of roostd");
  if (rows->as_array().size() > max_tokens)
    return damaged("has more than 1000 tokens");

  token_set set;
  for (std::size_t i = 0; i < rows->as_array().size(); ++i) {
    ROOST_TRY(auto row, read_token(rows->as_array()[i], i));
    for (const auto& other : set.tokens_)
      if (other.id == row.id)
        return damaged(fmt::format("tokens[{}].id occurs twice", i));
    set.tokens_.push_back(std::move(row));
  }
  return set;
}

} // namespace roost::connection
