#include "actors/database/migration.hpp"

#include <fmt/format.h>
#include <openssl/evp.h>

#include <algorithm>
#include <array>
#include <charconv>
#include <map>
#include <optional>

namespace roost::database {

namespace {

failure wrong(std::string_view file, std::size_t line, std::string_view what) {
  return {setup_error::internal, fmt::format("{}:{}: {}", file, line, what)};
}

std::string sha256(std::string_view bytes) {
  std::array<unsigned char, EVP_MAX_MD_SIZE> digest{};
  unsigned size = 0;
  EVP_Digest(bytes.data(), bytes.size(), digest.data(), &size, EVP_sha256(), nullptr);
  std::string out;
  for (unsigned i = 0; i < size; ++i)
    out += fmt::format("{:02x}", digest[i]);
  return out;
}

std::optional<std::uint32_t> number(std::string_view digits) {
  std::uint32_t value = 0;
  const auto* const end = digits.data() + digits.size();
  const auto [at, error] = std::from_chars(digits.data(), end, value);
  return error == std::errc{} && at == end ? std::optional(value) : std::nullopt;
}

std::string_view trimmed(std::string_view text) {
  while (!text.empty() && (text.back() == ' ' || text.back() == '\r' || text.back() == '\n'))
    text.remove_suffix(1);
  while (!text.empty() && (text.front() == ' ' || text.front() == '\n'))
    text.remove_prefix(1);
  return text;
}

/// NNNN_name.sql
bool read_name(std::string_view file, migration& into) {
  constexpr std::size_t digits = 4;
  constexpr std::string_view ending = ".sql";
  if (file.size() <= digits + 1 + ending.size() || file[digits] != '_' || !file.ends_with(ending))
    return false;
  const auto version = number(file.substr(0, digits));
  if (!version)
    return false;
  into.version = *version;
  into.name = file.substr(digits + 1, file.size() - digits - 1 - ending.size());
  return true;
}

/// What a line that begins with "-- roost:" or "-- step" says.
bool obey(std::string_view line, migration& into) {
  constexpr std::string_view ours = "-- roost: ";
  constexpr std::string_view index = "-- step: index ";
  if (line == "-- roost: no transaction") {
    into.is_transactional = false;
  } else if (line.starts_with("-- roost: needs ")) {
    const auto needs = number(line.substr(ours.size() + 6));
    if (!needs || *needs > into.version)
      return false;
    into.needs = *needs;
  } else if (line == "-- step") {
    into.steps.emplace_back();
  } else if (line.starts_with(index) && line.size() > index.size()) {
    into.steps.push_back({{}, std::string(line.substr(index.size()))});
  } else {
    return false;
  }
  return true;
}

result<migration> parse(const migration_file& file) {
  migration out;
  if (!read_name(file.name, out))
    return wrong(file.name, 0, "a migration is called NNNN_name.sql");
  out.checksum = sha256(file.text);
  std::size_t line_number = 0;
  for (auto rest = file.text; !rest.empty();) {
    const auto end = std::min(rest.find('\n'), rest.size());
    const auto line = trimmed(rest.substr(0, end));
    rest.remove_prefix(std::min(end + 1, rest.size()));
    ++line_number;
    if (line.starts_with("-- roost:") || line.starts_with("-- step")) {
      if (!obey(line, out))
        return wrong(file.name, line_number, "this directive is not known");
      continue;
    }
    if (line.empty() || line.starts_with("--"))
      continue;
    if (out.steps.empty() && out.is_transactional)
      out.steps.emplace_back();
    if (out.steps.empty())
      return wrong(file.name, line_number, "without a transaction, SQL follows a line `-- step`");
    out.steps.back().sql.append(line).append("\n");
  }
  if (out.steps.empty() ||
      std::any_of(out.steps.begin(), out.steps.end(), [](const auto& s) { return s.sql.empty(); }))
    return wrong(file.name, line_number, "a step without SQL");
  if (out.is_transactional && out.steps.size() > 1)
    return wrong(file.name, line_number, "steps are for files that say `-- roost: no transaction`");
  return out;
}

} // namespace

result<std::vector<migration>> parse_migrations(std::span<const migration_file> files) {
  std::vector<migration> out;
  for (const auto& file : files) {
    ROOST_TRY(auto one, parse(file));
    if (one.version != out.size() + 1)
      return wrong(file.name, 0, fmt::format("the next version is {}", out.size() + 1));
    out.push_back(std::move(one));
  }
  return out;
}

migration_plan plan_migrations(std::span<const migration> known, std::span<const ledger_row> rows) {
  migration_plan out;
  const auto last = static_cast<std::uint32_t>(known.size());
  std::map<std::uint32_t, const ledger_row*> done;
  for (const auto& row : rows) {
    done[row.version] = &row;
    if (row.is == ledger_row::state::applied)
      out.schema_version = std::max(out.schema_version, row.version);
    out.is_newer |= row.version > last;
  }
  for (const auto& [version, row] : done) {
    if (version > last) {
      if (row->is == ledger_row::state::started)
        out.blocked = fmt::format("migration {} ({}) of a newer version of Roost was begun and not "
                                  "finished; start that version to finish it",
                                  version, row->name);
      else if (row->needs > last)
        out.blocked =
            fmt::format("the schema is at version {} ({}), which needs a version of Roost "
                        "that knows migration {}; this one knows {}. Install a newer one",
                        version, row->name, row->needs, last);
    } else if (known[version - 1].checksum != row->checksum ||
               known[version - 1].name != row->name) {
      out.blocked = fmt::format(
          "migration {} ({}) in the database is not the one of this version ({}): it was "
          "edited after it was applied. Install the version of Roost that applied it, or "
          "restore the database from a backup",
          version, row->name, known[version - 1].name);
    }
    if (!out.blocked.empty())
      return out;
  }
  for (const auto& each : known) {
    const auto found = done.find(each.version);
    const bool is_applied = found != done.end() && found->second->is == ledger_row::state::applied;
    if (!is_applied && each.version < out.schema_version) {
      out.pending.clear();
      out.blocked = fmt::format("migration {} ({}) is missing from the ledger while {} is there. "
                                "Restore the database from a backup",
                                each.version, each.name, out.schema_version);
      return out;
    }
    if (!is_applied)
      out.pending.push_back(each.version);
  }
  return out;
}

} // namespace roost::database
