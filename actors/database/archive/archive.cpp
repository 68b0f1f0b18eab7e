#include "actors/database/archive/archive.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roost::database {

namespace {

// Answers come when the work is done; this only finds a worker that has died without a word.
constexpr std::chrono::hours patience{24};
// One transaction of the node's own file.
constexpr std::size_t most_records = 500;
constexpr std::size_t most_bytes = std::size_t{4} << 20;

std::optional<session_moment> moment_of(event_topic topic) {
  switch (topic) {
  case event_topic::session_created:
    return session_moment::created;
  case event_topic::session_changed:
    return session_moment::changed;
  case event_topic::session_exited:
    return session_moment::exited;
  case event_topic::session_removed:
    return session_moment::removed;
  default:
    return std::nullopt;
  }
}

} // namespace

archive_state::~archive_state() {
  // What waits is lost; the workers finish what they have.
  for (const auto& worker : {caf::actor_cast<caf::strong_actor_ptr>(workers_.writer),
                             caf::actor_cast<caf::strong_actor_ptr>(workers_.reader),
                             caf::actor_cast<caf::strong_actor_ptr>(workers_.shipper)})
    if (worker)
      caf::anon_send_exit(caf::actor_cast<caf::actor>(worker), caf::exit_reason::user_shutdown);
}

void archive_state::open(archive_config config) {
  config_ = std::move(config);
  queue_.emplace(config_.queue);
  sessions_.emplace(config_.queue.node_uuid);
  pace_.emplace(config_.retry);
  ship_pace_.emplace(config_.retry);
  workers_ = config_.make_workers(*self_);
  ship();
}

void archive_state::keep(const keep_records& x) { add(x.what->records); }

caf::result<records_kept> archive_state::keep_for_sure(const roost::keep_for_sure& x) {
  if (waiters_.size() >= config_.most_waiters || timers_.is_armed(retry_timer))
    return to_caf({request_error::store_unavailable, "it cannot be written down now"});
  auto promise = self_->make_response_promise<records_kept>();
  const auto ticket = ++last_ticket_;
  waiters_.emplace(ticket, runtime::promise_guard<records_kept>(promise));
  if (!add(x.what->records, ticket)) {
    waiters_.at(ticket).fail(
        {request_error::store_unavailable, "too much waits to be written down"});
    waiters_.erase(ticket);
  }
  return promise;
}

void archive_state::on_session(const publish_session& x) {
  const auto what = moment_of(x.topic);
  if (!what)
    return;
  add(sessions_->on(*what, x.info, config_.time->now_wall()));
  if (sessions_->has_changed() && !timers_.is_armed(change_timer))
    timers_.after(change_timer, config_.change_interval,
                  [this] { add(sessions_->take_changed()); });
}

bool archive_state::add(std::vector<record> records, std::uint64_t ticket) {
  bool is_full = false;
  for (auto& each : records)
    is_full |= !queue_->add(std::move(each), &each == &records.back() ? ticket : 0);
  if (is_full && !was_full_)
    log_.warn("records find no room and are dropped", log::kv("bytes", queue_->bytes()));
  was_full_ = is_full;
  config_.board->dropped = queue_->dropped() + unwritable_;
  write();
  return !is_full;
}

void archive_state::write() {
  if (!in_flight_ && !queue_->is_empty() && !timers_.is_armed(retry_timer)) {
    in_flight_ = std::make_shared<record_batch>(
        queue_->take(most_records, std::min<std::uint64_t>(most_bytes, config_.spool / 4)));
    send_batch();
  }
  show_queue();
  if (ending_ && !in_flight_)
    self_->quit(*ending_);
}

void archive_state::on_exit(const caf::error& reason) {
  ending_ = reason;
  add(sessions_->take_changed());
}

void archive_state::send_batch() {
  runtime::ask(self_, workers_.writer, patience, write_batch{in_flight_})
      .then([this](const batch_written& x) { on_written(x); },
            [this](const failure&) {
              batch_written out;
              out.reason = "the writer does not answer";
              on_written(out);
            });
}

void archive_state::on_written(const batch_written& x) {
  if (!x.is_ok && !x.is_lost) {
    log_.warn("records cannot be written and are tried again", log::kv("why", x.reason),
              log::kv("records", in_flight_->keyed.size()));
    refuse_waiters("it could not be written down");
    timers_.after(retry_timer, pace_->after_failure(trouble::transient, *config_.random),
                  [this] { send_batch(); });
    return;
  }
  if (x.is_ok) {
    pace_->on_success(config_.time->now());
    config_.board->written += in_flight_->keyed.size();
    tell_written();
  } else {
    log_.error("records can never be written and are dropped", log::kv("why", x.reason),
               log::kv("records", in_flight_->keyed.size()));
    unwritable_ += in_flight_->keyed.size();
    refuse_waiters("it could not be written down");
    config_.board->dropped = queue_->dropped() + unwritable_;
  }
  in_flight_.reset();
  if (workers_.shipper) {
    config_.board->outbox_bytes = x.outbox_bytes;
    config_.board->outbox_dropped = x.outbox_dropped;
    show_outbox(x.outbox);
    ship();
  }
  write();
}

void archive_state::tell_written() {
  for (const auto ticket : in_flight_->tickets)
    if (auto waiter = waiters_.extract(ticket))
      waiter.mapped().deliver({});
}

// Who is told so does not do what it was about. That the record is tried again does no harm: it
// says only what was going to be done.
void archive_state::refuse_waiters(const char* why) {
  for (auto& [ticket, waiter] : std::exchange(waiters_, {}))
    waiter.fail({request_error::store_unavailable, why});
}

void archive_state::show_queue() {
  config_.board->waiting = queue_->size() + (in_flight_ ? in_flight_->keyed.size() : 0);
  config_.board->waiting_bytes = queue_->bytes();
}

void archive_state::show_outbox(std::uint64_t records, const std::string& trouble) {
  config_.board->outbox = records;
  if (const auto to = config_.initializer())
    caf::anon_send(to, outbox_depth{records, trouble});
}

void archive_state::ship() {
  if (!workers_.shipper || is_shipping_ || timers_.is_armed(ship_timer))
    return;
  const auto state = config_.database->get().state;
  if (state != database_state::ready && state != database_state::catching_up) {
    ship_pace_.emplace(config_.retry); // when it is back is somebody else's patience
    failing_since_.reset();
    return ship_later(config_.ship_interval);
  }
  is_shipping_ = true;
  runtime::ask(self_, workers_.shipper, patience, ship_some{})
      .then(
          [this](const some_shipped& x) {
            is_shipping_ = false;
            if (!x.is_ok)
              return on_not_shipped(x);
            ship_pace_->on_success(config_.time->now());
            if (failing_since_)
              log_.info("records get to the shared database again");
            failing_since_.reset();
            config_.board->shipped += x.records;
            show_outbox(x.left);
            if (x.left == 0)
              config_.board->had_all = true;
            if (x.left > 0)
              ship();
          },
          [this](const failure&) {
            is_shipping_ = false;
            on_not_shipped({false, 0, 0, "the shipper does not answer", {}});
          });
}

// A database that is there may take nothing for hours (its disk is full): one line in the log says
// so, its state does after a while, and it is not asked with every record that is written.
void archive_state::on_not_shipped(const some_shipped& x) {
  ++config_.board->ship_failures;
  const auto now = config_.time->now();
  if (!failing_since_) {
    failing_since_ = now;
    log_.warn("records cannot be brought to the shared database and are tried again",
              log::kv("why", x.reason), log::kv("text", x.log));
  }
  if (now - *failing_since_ >= config_.grace)
    show_outbox(config_.board->outbox, "it takes no records: " + x.reason);
  ship_pace_->on_loss(now);
  ship_later(ship_pace_->after_failure(trouble::transient, *config_.random));
}

void archive_state::ship_later(std::chrono::milliseconds wait) {
  timers_.after(ship_timer, wait, [this] { ship(); });
}

caf::result<archive_read> archive_state::read(const read_archive& x) {
  if (questions_ >= config_.most_questions)
    return to_caf({request_error::at_capacity, "too many questions to the archive are waiting"});
  ++questions_;
  auto promise = self_->make_response_promise<archive_read>();
  runtime::ask(self_, workers_.reader, patience, x)
      .then(
          [this, promise](const archive_read& done) mutable {
            --questions_;
            promise.deliver(done);
          },
          [this, promise](const failure& why) mutable {
            --questions_;
            promise.deliver(to_caf(why));
          });
  return promise;
}

archive_actor::behavior_type archive(archive_actor::stateful_pointer<archive_state> self,
                                     archive_config config) {
  runtime::arm(self);
  self->set_exit_handler([self](const caf::exit_msg& x) { self->state.on_exit(x.reason); });
  self->state.open(std::move(config));
  return {
      [self](const keep_records& x) { self->state.keep(x); },
      [self](const keep_for_sure& x) { return self->state.keep_for_sure(x); },
      [self](const publish_session& x) { self->state.on_session(x); },
      [self](const read_archive& x) { return self->state.read(x); },
      [self](const timer_fired& x) { self->state.fire(x); },
  };
}

} // namespace roost::database
