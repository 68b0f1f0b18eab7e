#include "actors/database/retention.hpp"

#include <caf/event_based_actor.hpp>

#include <utility>

namespace roost::database {

namespace {

// Records that are removed at a time: some milliseconds for each store.
constexpr std::uint32_t most_removed = 200;
constexpr std::chrono::seconds patience{30};
// Of an answer that comes at the deadline itself.
constexpr std::chrono::seconds margin{2};

} // namespace

std::vector<retention_rule> rules_of(const retention_times& times) {
  return {{record_kind::session_event, times.metadata},
          {record_kind::connection, times.metadata},
          {record_kind::recording_chunk, times.recording},
          {record_kind::screen_text, times.recording},
          {record_kind::audit, times.audit},
          {record_kind::session, times.metadata}};
}

void retention_state::open(retention_config config) {
  config_ = std::move(config);
  rules_ = rules_of(config_.times);
  begin_round();
}

void retention_state::begin_round() {
  timers_.after(round_timer, config_.interval, [this] { begin_round(); });
  for (const auto where : {place::own, place::shared}) {
    auto& at = of(where);
    at.next = 0;
    if (at.is_running || (where == place::shared && !config_.pools))
      continue; // it goes on from the beginning
    at.is_running = true;
    step(where);
  }
}

void retention_state::later(place where, std::chrono::milliseconds wait) {
  timers_.after(where == place::own ? own_timer : shared_timer, wait,
                [this, where] { step(where); });
}

void retention_state::step(place where) {
  const auto next = of(where).next;
  if (next < rules_.size()) {
    const auto rule = rules_[next];
    const auto before = config_.time->now_wall() - rule.keep;
    return ask(where, [rule, before](store& in) {
      return in.remove_older(rule.kind, before, most_removed);
    });
  }
  // The marks of earlier starts: in its own file none of their writes can come; to the shared
  // database they may still be on their way.
  if (next > rules_.size() || (where == place::shared && !config_.written->had_all)) {
    of(where).is_running = false;
    return;
  }
  ask(where,
      [node = config_.node_uuid,
       boot = config_.boot_epoch](store& in) -> store_result<std::size_t> {
        if (auto done = in.forget_marks(node, boot); !done)
          return done.error();
        return std::size_t{0};
      });
}

void retention_state::ask(place where, std::function<store_result<std::size_t>(store&)> work) {
  const auto removed = std::make_shared<std::optional<std::size_t>>();
  const auto look = [removed, work = std::move(work)](store& in) {
    if (const auto done = work(in))
      *removed = *done;
  };
  const auto ok = [this, where, removed](const auto&) { on_done(where, *removed); };
  const auto failed = [this, where](const failure&) { on_done(where, std::nullopt); };
  if (where == place::own) {
    if (const auto archive = config_.archive.get())
      return runtime::ask(self_, archive, patience, read_archive{[look](store* in) {
                            if (in != nullptr)
                              look(*in);
                          }})
          .then([ok](const archive_read& x) { ok(x); }, failed);
  } else if (const auto pools = config_.pools()) {
    return runtime::ask(self_, pools, patience + margin,
                        ask_shared{database_pool::analytics, patience, look})
        .then([ok](const shared_answered& x) { ok(x); }, failed);
  }
  on_done(where, std::nullopt);
}

void retention_state::on_done(place where, std::optional<std::size_t> removed) {
  if (!removed) {
    ++config_.board->troubles;
    return later(where, config_.retry);
  }
  (where == place::own ? config_.board->own : config_.board->shared) += *removed;
  auto& at = of(where);
  if (*removed > 0)
    log_.debug("records that were too old are removed", log::kv("records", *removed),
               log::kv("where", where == place::own ? "own file" : "shared database"));
  if (*removed < most_removed)
    ++at.next;
  later(where, config_.pause);
}

retention_actor::behavior_type retention(retention_actor::stateful_pointer<retention_state> self,
                                         retention_config config) {
  runtime::arm(self);
  self->state.open(std::move(config));
  return {[self](const timer_fired& x) { self->state.fire(x); }};
}

} // namespace roost::database
