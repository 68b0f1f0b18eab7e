#pragma once

#include "actors/database/store/record_codec.hpp"
#include "actors/database/store/store.hpp"

#include <algorithm>
#include <map>
#include <optional>
#include <string>
#include <tuple>
#include <utility>
#include <vector>

namespace roost::database {

/// What a store should answer, in the plainest form: records in maps, and whole answers.
class store_oracle {
public:
  /// As `store::apply`; nothing if a write before is missing.
  std::optional<applied_count> apply(std::span<const keyed_record> records) {
    auto marks = marks_;
    auto rows = rows_;
    applied_count out;
    for (const auto& each : records) {
      auto& mark = marks[{each.key.node_uuid, each.key.boot_epoch, each.key.partition}];
      if (each.key.seq <= mark) {
        ++out.skipped;
        continue;
      }
      if (each.follows > mark)
        return std::nullopt;
      mark = each.key.seq;
      ++out.applied;
      put(rows, each);
    }
    marks_ = std::move(marks);
    rows_ = std::move(rows);
    return out;
  }

  /// The records of a type that are selected, in the order of `sorted`.
  template <class T, class Wanted, class Order>
  std::vector<T> all(Wanted wanted, Order order) const {
    std::vector<std::pair<std::string, T>> found;
    for (const auto& [object, row] : rows_)
      if (const auto* one = std::get_if<T>(&row.second); one != nullptr && wanted(*one))
        found.emplace_back(row.first, *one);
    std::sort(found.begin(), found.end(), [&](const auto& a, const auto& b) {
      return order(a.second, a.first) < order(b.second, b.first);
    });
    std::vector<T> out;
    for (auto& each : found)
      out.push_back(std::move(each.second));
    return out;
  }

  std::size_t remove_older(record_kind kind, wall_time than) {
    return std::erase_if(rows_, [&](const auto& each) {
      const auto& what = each.second.second;
      const auto age = kind_of(what) == kind ? age_of(what) : std::nullopt;
      return age && *age < than;
    });
  }

  kind_total total(record_kind kind) const {
    kind_total out{kind, 0, 0};
    for (const auto& [object, row] : rows_)
      if (kind_of(row.second) == kind) {
        ++out.rows;
        out.bytes += encode(row.second).size();
      }
    return out;
  }

  /// Whether all terms of a query are in the words of a text.
  static bool matches(const search_query& query, const screen_text& text) {
    const auto words = words_of(text.command + "\n" + text.text);
    const auto is_at = [&](const search_query::term& term, std::size_t at) {
      for (std::size_t i = 0; i < term.words.size(); ++i) {
        if (at + i >= words.size())
          return false;
        const bool is_prefix = term.is_prefix && i + 1 == term.words.size();
        const auto& word = words[at + i].text;
        if (is_prefix ? word.substr(0, term.words[i].size()) != term.words[i]
                      : word != term.words[i])
          return false;
      }
      return true;
    };
    return std::all_of(query.terms().begin(), query.terms().end(), [&](const auto& term) {
      for (std::size_t at = 0; at < words.size(); ++at)
        if (is_at(term, at))
          return true;
      return false;
    });
  }

private:
  /// Object → key and record.
  using table = std::map<std::string, std::pair<std::string, record>>;

  static std::string object_of(const keyed_record& r) {
    const auto written = sortable(r.key);
    struct {
      const std::string& written;
      std::string operator()(const node_record& n) const { return "n" + n.uuid; }
      std::string operator()(const session_record& s) const { return "s" + s.id; }
      std::string operator()(const session_event&) const { return "e" + written; }
      std::string operator()(const audit_record&) const { return "a" + written; }
      std::string operator()(const connection_record& c) const {
        return "c" + c.node + "/" + std::to_string(c.boot) + "/" + c.id;
      }
      std::string operator()(const recording_chunk& c) const {
        return "r" + c.session + "/" + c.epoch + "/" + std::to_string(c.seq);
      }
      std::string operator()(const screen_text& t) const {
        return "t" + t.session + "/" + t.epoch + "/" + std::to_string(t.from_offset);
      }
      std::string operator()(const token_record& t) const { return "k" + t.id + "/" + t.node; }
    } name{written};
    return std::visit(name, r.what);
  }

  static void put(table& rows, const keyed_record& r) {
    auto what = r.what;
    (void)fit(what); // the tests give what can be kept
    const auto written = sortable(r.key);
    const auto [at, is_new] = rows.try_emplace(object_of(r), written, what);
    if (is_new)
      return;
    auto& [before, old] = at->second;
    auto* node = std::get_if<node_record>(&what);
    if (node != nullptr) {
      const auto first = std::min(node->first_seen, std::get<node_record>(old).first_seen);
      node->first_seen = first;
      std::get<node_record>(old).first_seen = first;
    }
    if (written > before)
      at->second = {written, what};
  }

  static std::optional<wall_time> age_of(const record& r) {
    struct {
      std::optional<wall_time> operator()(const node_record& n) const { return n.last_seen; }
      std::optional<wall_time> operator()(const session_record& s) const {
        return s.state == "lost" && !s.exited_at ? s.created_at : s.exited_at;
      }
      std::optional<wall_time> operator()(const session_event& e) const { return e.at; }
      std::optional<wall_time> operator()(const audit_record& a) const { return a.at; }
      std::optional<wall_time> operator()(const connection_record& c) const { return c.opened_at; }
      std::optional<wall_time> operator()(const recording_chunk& c) const { return c.ended_at; }
      std::optional<wall_time> operator()(const screen_text& t) const { return t.at; }
      std::optional<wall_time> operator()(const token_record& t) const {
        return t.revoked_at ? t.revoked_at : t.expires_at;
      }
    } age;
    return std::visit(age, r);
  }

  std::map<std::tuple<std::string, std::uint64_t, std::uint32_t>, std::uint64_t> marks_;
  table rows_;
};

} // namespace roost::database
