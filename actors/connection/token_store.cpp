#include "actors/connection/token_store.hpp"

#include "actors/connection/encoding.hpp"
#include "actors/connection/private_file.hpp"

#include <algorithm>
#include <utility>

namespace roost::connection {

namespace {

constexpr std::size_t max_file = std::size_t{1} << 20; // 1000 tokens have about 400 KiB

std::string tokens_path(const std::string& data_dir) { return data_dir + "/tokens.json"; }
std::string shared_path(const std::string& data_dir) { return data_dir + "/shared-tokens.json"; }
std::string login_path(const std::string& data_dir) { return data_dir + "/login-token"; }

} // namespace

token_store::token_store(std::string data_dir, const clock& time, random_source& random,
                         token_set loaded)
    : data_dir_(std::move(data_dir)), clock_(time), random_(random), tokens_(std::move(loaded)) {}

result<std::unique_ptr<token_store>> token_store::open(std::string data_dir, const clock& time,
                                                       random_source& random) {
  ROOST_TRY(const auto text, read_private_file(tokens_path(data_dir), max_file));
  token_set loaded;
  if (text) {
    ROOST_TRY(loaded, token_set::from_json(*text));
  }
  return std::unique_ptr<token_store>(
      new token_store(std::move(data_dir), time, random, std::move(loaded)));
}

// A change is made on a copy and becomes true when the file has it: a full disk must not leave a
// token that works until the next start, or one that comes back after it was revoked.
result<void> token_store::save(const token_set& changed) const {
  auto saved = write_private_file(tokens_path(data_dir_), changed.to_json());
  if (saved)
    return saved;
  // The caller may be far away: where our files are is for the log.
  log_.error("the tokens could not be saved", log::kv("reason", saved.error().detail));
  return failure(request_error::internal, "the change could not be saved");
}

result<void> token_store::save_shared(const token_set& changed) const {
  auto saved = write_private_file(shared_path(data_dir_), changed.to_json());
  if (saved)
    return saved;
  log_.error("the tokens of other nodes could not be saved",
             log::kv("reason", saved.error().detail));
  return failure(request_error::internal, "the change could not be saved");
}

result<void> token_store::load_shared() {
  ROOST_TRY(const auto text, read_private_file(shared_path(data_dir_), max_file));
  if (!text)
    return {};
  const std::lock_guard lock(mutex_);
  ROOST_TRY(shared_, token_set::from_json(*text));
  return {};
}

result<void> token_store::share(shared_tokens all) {
  const std::lock_guard lock(mutex_);
  const auto was_taken = [&](const std::string& id) {
    return std::binary_search(all.revoked.begin(), all.revoked.end(), id);
  };
  auto own = tokens_;
  for (const auto& row : tokens_.all())
    if (was_taken(row.id) && own.revoke(row.id))
      log_.warn("another node has taken a token away", log::kv("token", row.id));
  if (own.all().size() != tokens_.all().size()) {
    if (auto saved = save(own); !saved)
      return saved;
    const auto now = clock_.now_wall();
    for (const auto& row : tokens_.all())
      if (was_taken(row.id))
        tell_(row, now);
    tokens_ = std::move(own);
  }
  auto others = shared_;
  if (!others.replace(std::move(all.of_others)))
    return {};
  if (auto saved = save_shared(others); !saved)
    return saved;
  log_.info("other nodes' tokens hold here", log::kv("number", others.all().size()));
  shared_ = std::move(others);
  return {};
}

result<new_token> token_store::create(const token_request& wanted) {
  const std::lock_guard lock(mutex_);
  auto changed = tokens_;
  ROOST_TRY(auto made, changed.create(wanted, clock_.now_wall(), random_));
  if (auto saved = save(changed); !saved)
    return std::move(saved).error();
  tokens_ = std::move(changed);
  tell_(made.row, std::nullopt);
  return made;
}

std::vector<token> token_store::list() const {
  const std::lock_guard lock(mutex_);
  auto out = tokens_.all();
  out.insert(out.end(), shared_.all().begin(), shared_.all().end());
  return out;
}

std::vector<token> token_store::own() const {
  const std::lock_guard lock(mutex_);
  return tokens_.all();
}

result<void> token_store::revoke(std::string_view id) {
  const std::lock_guard lock(mutex_);
  const auto find = [&](const token_set& in) {
    const auto& rows = in.all();
    const auto at =
        std::find_if(rows.begin(), rows.end(), [&](const auto& r) { return r.id == id; });
    return at == rows.end() ? std::nullopt : std::optional(*at);
  };
  const bool is_own = find(tokens_).has_value();
  const auto row = is_own ? find(tokens_) : find(shared_);
  if (!row)
    return failure(request_error::not_found, "there is no token with this id");
  auto changed = is_own ? tokens_ : shared_;
  changed.revoke(id);
  if (auto saved = is_own ? save(changed) : save_shared(changed); !saved)
    return saved;
  (is_own ? tokens_ : shared_) = std::move(changed);
  tell_(*row, clock_.now_wall());
  return {};
}

result<std::string> token_store::login_token() {
  {
    ROOST_TRY(const auto kept, read_private_file(login_path(data_dir_), 256));
    if (kept) {
      const auto text = trim(std::string_view(*kept).substr(0, kept->find('\n')));
      const std::lock_guard lock(mutex_);
      // On a copy: printing the URL is not a use of the token.
      if (auto copy = tokens_; copy.check(text, clock_.now_wall()) != nullptr)
        return std::string(text);
    }
  }
  token_request wanted;
  wanted.may = role::admin;
  wanted.label = "login";
  ROOST_TRY(auto made, create(wanted));
  if (auto kept = write_private_file(login_path(data_dir_), made.text + "\n"); !kept)
    return std::move(kept).error();
  return std::move(made.text);
}

void token_store::save_usage() {
  const std::lock_guard lock(mutex_);
  if (auto saved = save(tokens_); !saved)
    log_.warn("the times of last use are lost");
}

std::optional<principal> token_store::by_text(std::string_view text, wall_time now) {
  const std::lock_guard lock(mutex_);
  const auto* row = tokens_.check(text, now);
  if (row == nullptr)
    row = shared_.check(text, now);
  return row == nullptr ? std::nullopt : std::optional(principal_of(*row));
}

std::optional<principal> token_store::by_id(std::string_view id, wall_time now) {
  const std::lock_guard lock(mutex_);
  const auto* row = tokens_.find(id, now);
  if (row == nullptr)
    row = shared_.find(id, now);
  return row == nullptr ? std::nullopt : std::optional(principal_of(*row));
}

} // namespace roost::connection
