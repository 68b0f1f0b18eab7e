#include "actors/connection/token_ledger.hpp"

#include "actors/connection/encoding.hpp"

#include <algorithm>
#include <chrono>
#include <map>
#include <set>

namespace roost::connection {

namespace {

// As finely as the file has them.
wall_time in_seconds(wall_time at) { return std::chrono::floor<std::chrono::seconds>(at); }
std::optional<wall_time> in_seconds(std::optional<wall_time> at) {
  return at ? std::optional(in_seconds(*at)) : at;
}

} // namespace

database::token_record to_record(const token& row, const std::string& node,
                                 std::optional<wall_time> revoked_at) {
  database::token_record out;
  out.id = row.id;
  out.node = node;
  out.hash = to_hex(row.hash);
  out.role = to_string(row.may);
  out.label = row.label;
  out.session = row.only ? row.only->value : std::string();
  out.run_as = row.run_as;
  out.created_at = in_seconds(row.created_at);
  out.expires_at = in_seconds(row.expires_at);
  out.revoked_at = in_seconds(revoked_at);
  return out;
}

std::optional<token> from_record(const database::token_record& row) {
  token out;
  const auto hash = from_hex(row.hash);
  const auto may = parse_role(row.role);
  if (!hash || hash->size() != out.hash.size() || !may || row.id.empty())
    return std::nullopt;
  std::copy(hash->begin(), hash->end(), out.hash.begin());
  out.id = row.id;
  out.may = *may;
  out.label = row.label;
  if (!row.session.empty())
    out.only = session_id{row.session};
  out.run_as = row.run_as;
  out.created_at = row.created_at;
  out.expires_at = row.expires_at;
  out.node = row.node;
  return out;
}

std::vector<database::token_record>
missing_records(const std::vector<token>& own, const std::vector<database::token_record>& written,
                const std::string& node, wall_time now) {
  std::map<std::string, const database::token_record*> there;
  for (const auto& row : written)
    if (row.node == node)
      there.emplace(row.id, &row);
  std::vector<database::token_record> out;
  for (const auto& each : own) {
    auto wanted = to_record(each, node);
    const auto at = there.find(each.id);
    if (at == there.end() || *at->second != wanted)
      out.push_back(std::move(wanted));
    if (at != there.end())
      there.erase(at);
  }
  for (const auto& [id, row] : there)
    if (!row->revoked_at) {
      out.push_back(*row);
      out.back().revoked_at = in_seconds(now);
    }
  return out;
}

shared_tokens read_shared(const std::vector<database::token_record>& rows,
                          const std::string& node) {
  std::set<std::string> revoked;
  for (const auto& row : rows)
    if (row.revoked_at)
      revoked.insert(row.id);
  shared_tokens out;
  for (const auto& row : rows)
    if (row.node != node && revoked.count(row.id) == 0)
      if (auto known = from_record(row))
        out.of_others.push_back(std::move(*known));
  out.revoked.assign(revoked.begin(), revoked.end());
  return out;
}

} // namespace roost::connection
