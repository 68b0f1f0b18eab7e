#include "actors/connection/token_sync.hpp"

#include "actors/connection/token_ledger.hpp"
#include "actors/database/archive/write_queue.hpp"
#include "actors/database/store/store.hpp"

#include <caf/send.hpp>

#include <memory>
#include <optional>
#include <utility>

namespace roost::connection {

namespace {

/// What a database has; filled in on the thread that asks it.
using finding = std::optional<std::vector<database::token_record>>;

void read_tokens(database::store& from, finding& into) {
  if (auto rows = from.tokens())
    into = std::move(*rows);
}

} // namespace

void token_sync_state::open(token_sync_config config) {
  config_ = std::move(config);
  look();
}

void token_sync_state::again() {
  if (config_.is_shared || !is_written_)
    timers_.after(again_timer, config_.interval, [this] { look(); });
}

void token_sync_state::look() {
  const auto archive = config_.archive.get();
  if (!archive)
    return again();
  const auto found = std::make_shared<finding>();
  runtime::ask(self_, archive, config_.patience, read_archive{[found](database::store* from) {
                 if (from != nullptr)
                   read_tokens(*from, *found);
               }})
      .then(
          [this, found](const archive_read&) {
            if (!*found)
              return again();
            compare(**found);
            ask_others(std::move(**found));
          },
          [this](const failure&) { again(); });
}

// Only once: later changes write themselves, and what they wrote may still be on its way.
void token_sync_state::compare(const rows& local) {
  const auto archive = config_.archive.get();
  if (is_written_ || !archive)
    return;
  auto batch = std::make_shared<database::record_batch>();
  for (auto& each :
       missing_records(config_.tokens->own(), local, config_.node, config_.time->now_wall()))
    batch->records.emplace_back(std::move(each));
  is_written_ = true;
  if (batch->records.empty())
    return;
  log_.info("tokens are written down", log::kv("number", batch->records.size()));
  caf::anon_send(archive, keep_records{std::move(batch)});
}

// What this node took away may not be in the shared database yet: its own rows count, too.
void token_sync_state::ask_others(rows local) {
  const auto pools = config_.is_shared && config_.pools ? config_.pools() : pools_actor();
  if (!pools)
    return again();
  const auto found = std::make_shared<finding>();
  ask_shared question;
  question.pool = database_pool::app;
  question.patience = config_.patience;
  question.look = [found](database::store& from) { read_tokens(from, *found); };
  runtime::ask(self_, pools, config_.patience * 2, std::move(question))
      .then(
          [this, found, local = std::move(local)](const shared_answered&) mutable {
            if (*found) {
              auto all = std::move(**found);
              std::move(local.begin(), local.end(), std::back_inserter(all));
              if (const auto done = config_.tokens->share(read_shared(all, config_.node)); !done)
                log_.warn("what other nodes say of tokens could not be taken over",
                          log::kv("why", done.error().detail));
            }
            again();
          },
          [this](const failure&) { again(); });
}

token_sync_actor::behavior_type
token_sync(token_sync_actor::stateful_pointer<token_sync_state> self, token_sync_config config) {
  runtime::arm(self);
  self->state.open(std::move(config));
  return {[self](const timer_fired& x) { self->state.fire(x); }};
}

} // namespace roost::connection
