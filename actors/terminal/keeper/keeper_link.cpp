#include "actors/terminal/keeper/keeper_link.hpp"

#include "actors/runtime/scheduler.hpp"
#include "actors/terminal/keeper/launch.hpp"
#include "actors/terminal/keeper/order.hpp"

#include <caf/send.hpp>

#include <algorithm>
#include <utility>

namespace roost::terminal {

namespace {

// A keeper that does not greet within this time hangs; the next attempt gets another connection.
constexpr std::chrono::seconds greeting_limit{5};
// Between attempts, growing: an installation may be under way.
constexpr std::chrono::milliseconds first_retry{100};
constexpr std::chrono::milliseconds longest_retry{5'000};
constexpr std::chrono::milliseconds directory_pause{5};

} // namespace

keeper_link_state::~keeper_link_state() {
  if (channel_)
    channel_->close();
}

void keeper_link_state::start(keeper_config config) {
  config_ = std::move(config);
  try_connect();
}

void keeper_link_state::try_connect() {
  auto channel = keeper_channel::connect(config_.place(), config_.folder);
  if (!channel) {
    launch(); // nobody listens: there is no keeper yet
    return;
  }
  channel_ = std::move(*channel);
  state_ = link::greeting;
  is_waiting_writable_ = false;
  keeper::hello hello;
  const std::string_view build = ROOST_VERSION;
  std::copy_n(build.begin(), std::min(build.size(), hello.build.size() - 1), hello.build.begin());
  if (!send(hello))
    return;
  timers_.after(greeting_timer, greeting_limit, [this] {
    if (state_ == link::greeting)
      lose("it does not greet");
  });
  wait();
}

void keeper_link_state::launch() {
  state_ = link::launching;
  ++config_.board->launches;
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  auto launched =
      launch_keeper(config_.place(), config_.program, config_.folder, [weak](int status) {
        if (auto strong = caf::actor_cast<keeper_actor>(weak))
          caf::anon_send(strong, keeper_launched{status});
      });
  if (!launched)
    retry(launched.error());
}

void keeper_link_state::on_launched(const keeper_launched& x) {
  if (state_ != link::launching)
    return;
  if (x.status == 0)
    try_connect();
  else
    retry({setup_error::internal,
           fmt::format("roost-keeper ended with status {}; see keeper.log in its folder, or run it "
                       "by hand with that folder",
                       x.status)});
}

void keeper_link_state::retry(const failure& why) {
  state_ = link::down;
  const auto wait = std::min(first_retry * (1 << std::min(attempts_, 6)), longest_retry);
  if (++attempts_ == 1 || wait == longest_retry)
    log_.error("keeper is not there, trying again", log::kv("why", why.detail),
               log::kv("wait_ms", wait.count()));
  timers_.after(retry_timer, wait, [this] { try_connect(); });
}

void keeper_link_state::lose(const char* why) {
  if (state_ == link::fenced)
    return;
  const bool was_up = state_ == link::up;
  channel_->close();
  timers_.cancel(greeting_timer);
  timers_.cancel(directory_timer);
  config_.board->is_up = false;
  pending_.clear(); // whoever waits hears that it failed
  for (auto& [request, promise] : forgetting_)
    promise.deliver({}); // nobody is left to remember it
  forgetting_.clear();
  handed_over_.clear();
  const auto lost = std::exchange(held_, {});
  config_.board->lost_programs += static_cast<std::uint64_t>(std::ranges::count_if(
      lost, [](const auto& each) { return each.second.phase == keeper::phase::running; }));
  if (was_up)
    log_.error("keeper was lost, and the programs with it", log::kv("why", why),
               log::kv("sessions", lost.size()), log::kv("pid", pid_));
  for (const auto& [id, x] : lost)
    if (auto terminal = caf::actor_cast<terminal_actor>(x.terminal))
      self_->send(terminal, program_lost{});
  if (was_up) {
    attempts_ = 0;
    try_connect();
  } else {
    retry({setup_error::internal, why});
  }
}

template <class Packet>
bool keeper_link_state::send(const Packet& packet, std::vector<unique_fd> fds) {
  std::string bytes(reinterpret_cast<const char*>(&packet), sizeof packet);
  switch (channel_->send(std::move(bytes), std::move(fds))) {
  case keeper_channel::send_state::sent:
    return true;
  case keeper_channel::send_state::queued:
    wait_writable();
    return true;
  case keeper_channel::send_state::closed:
    break;
  }
  lose("it does not take what is sent to it");
  return false;
}

void keeper_link_state::wait_writable() {
  if (std::exchange(is_waiting_writable_, true))
    return;
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  channel_->wait_writable([weak] {
    if (auto strong = caf::actor_cast<keeper_actor>(weak))
      caf::anon_send(strong, keeper_writable{});
  });
}

void keeper_link_state::on_writable() {
  is_waiting_writable_ = false;
  if (!channel_ || state_ == link::down || state_ == link::launching)
    return;
  switch (channel_->flush()) {
  case keeper_channel::send_state::sent:
    break;
  case keeper_channel::send_state::queued:
    wait_writable();
    break;
  case keeper_channel::send_state::closed:
    lose("it does not take what is sent to it");
  }
}

void keeper_link_state::wait() {
  const auto weak = caf::actor_cast<caf::weak_actor_ptr>(self_);
  channel_->wait_readable([weak] {
    if (auto strong = caf::actor_cast<keeper_actor>(weak))
      runtime::hand_over(strong, keeper_readable{});
  });
}

void keeper_link_state::on_readable() {
  if (state_ != link::greeting && state_ != link::up)
    return; // the end of a wait on a connection that was given up
  // Another generation of the connection may begin inside of `handle`.
  const auto channel = channel_;
  for (;;) {
    keeper_channel::packet next;
    const auto state = channel->read(next);
    if (state == keeper_channel::read_state::nothing)
      break;
    if (state == keeper_channel::read_state::closed) {
      lose("its connection has ended");
      return;
    }
    handle(next);
    if (channel != channel_ || state_ == link::fenced || state_ == link::down)
      return;
  }
  wait();
}

void keeper_link_state::handle(keeper_channel::packet& x) {
  const auto head = keeper::read_packet<keeper::head>(x.bytes.data(), x.bytes.size());
  if (!head)
    return;
  const auto pass = [&]<class Packet>(Packet, auto&& f) {
    if (const auto packet = keeper::read_packet<Packet>(x.bytes.data(), x.bytes.size()))
      f(*packet);
    else
      log_.warn("keeper sent a packet that is too short",
                log::kv("kind", static_cast<unsigned>(head->what)));
  };
  switch (head->what) {
  case keeper::kind::welcome:
    return pass(keeper::welcome{}, [this](const auto& p) { on_welcome(p); });
  case keeper::kind::session:
    return pass(keeper::session{}, [&](const auto& p) { on_session(p, x.fds); });
  case keeper::kind::ready:
    return on_ready();
  case keeper::kind::started:
    return pass(keeper::started{}, [&](const auto& p) { on_started(p, x.fds); });
  case keeper::kind::refused:
    return pass(keeper::refused{}, [this](const auto& p) { on_refused(p); });
  case keeper::kind::exited:
    return pass(keeper::exited{}, [this](const auto& p) { on_exited(p); });
  case keeper::kind::emptied:
    return pass(keeper::emptied{}, [this](const auto& p) { on_emptied(p); });
  case keeper::kind::forgotten:
    if (const auto at = forgetting_.find(head->request); at != forgetting_.end()) {
      at->second.deliver({});
      forgetting_.erase(at);
    }
    return;
  case keeper::kind::fenced:
    log_.error("another server has taken over the keeper; this one serves no terminal any more");
    state_ = link::fenced;
    config_.board->is_up = false;
    channel_->close();
    for (const auto& [id, each] : std::exchange(held_, {}))
      if (auto terminal = caf::actor_cast<terminal_actor>(each.terminal))
        self_->send(terminal, program_lost{});
    return;
  default:
    return; // of a newer keeper, or an answer that nobody waits for
  }
}

void keeper_link_state::on_welcome(const keeper::welcome& x) {
  if (x.version == 0) {
    log_.error("keeper speaks other versions of the protocol", log::kv("its_oldest", x.oldest),
               log::kv("its_newest", x.newest), log::kv("ours", keeper::newest_version));
    lose("it speaks other versions of the protocol");
    return;
  }
  pid_ = x.pid;
  generation_ = x.generation;
  version_ = x.version;
  config_.board->can_start_again = x.version >= 3;
  config_.board->has_cgroups = (x.has_cgroups & keeper::cgroups_limit) != 0;
}

program_ready keeper_link_state::make_ready(session_id id, std::vector<unique_fd>& fds) const {
  auto out = std::make_shared<kept_program>();
  out->id = std::move(id);
  out->generation = generation_;
  if (!fds.empty())
    out->memory = std::move(fds[0]);
  if (fds.size() > 1)
    out->master = std::move(fds[1]);
  return {std::move(out), nullptr};
}

void keeper_link_state::on_session(const keeper::session& x, std::vector<unique_fd>& fds) {
  if (!keeper::is_valid(x.id))
    return;
  const session_id id{std::string(keeper::view(x.id))};
  auto made = make_ready(id, fds);
  made.what->pid = x.pid;
  made.what->warden = x.warden;
  made.what->phase = x.now;
  made.what->status = x.status;
  made.what->signal = x.signal;
  auto& entry = held_[id.value];
  entry.phase = x.now;
  entry.status = x.status;
  entry.signal = x.signal;
  if (state_ == link::greeting) {
    handed_over_.push_back(std::move(made.what));
    return;
  }
  if (const auto at = pending_.find(x.h.request); at != pending_.end()) {
    at->second.deliver(std::move(made));
    pending_.erase(at);
  }
}

void keeper_link_state::on_ready() {
  if (state_ != link::greeting)
    return;
  timers_.cancel(greeting_timer);
  state_ = link::up;
  config_.board->is_up = true;
  attempts_ = 0;
  if (!send(keeper::set_drain{{keeper::kind::set_drain, 0}, config_.drains ? 1U : 0U}))
    return;
  log_.info("keeper is there", log::kv("pid", pid_), log::kv("generation", generation_),
            log::kv("version", version_), log::kv("sessions", handed_over_.size()),
            log::kv("cgroup_limits", config_.board->has_cgroups.load()));
  tell_directory();
}

void keeper_link_state::tell_directory() {
  const auto directory = config_.directory.get();
  if (!directory) { // it starts after this actor
    timers_.after(directory_timer, directory_pause, [this] { tell_directory(); });
    return;
  }
  self_->send(directory, adopt_programs{std::exchange(handed_over_, {})});
}

caf::result<program_ready> keeper_link_state::on_start(const start_program& x) {
  if (state_ != link::up)
    return to_caf({terminal_error::spawn_failed, "the keeper is not there; try again in a moment"});
  auto request = pack(x.what->parts);
  if (!request)
    return to_caf(request.error());
  keeper::start packet;
  packet.h.request = next_request_++;
  packet.id = keeper::make_id(x.id.value);
  packet.request_bytes = static_cast<std::uint32_t>(x.what->parts.size());
  std::vector<unique_fd> fds;
  fds.push_back(std::move(*request));
  for (auto& fd : x.what->fds)
    fds.push_back(std::move(fd));
  auto promise = self_->make_response_promise<program_ready>();
  pending_[packet.h.request] = runtime::promise_guard<program_ready>(promise);
  held_[x.id.value].terminal = caf::actor_cast<caf::weak_actor_ptr>(x.who);
  send(packet, std::move(fds));
  return promise;
}

caf::result<program_ready> keeper_link_state::on_fetch(const fetch_program& x) {
  if (state_ != link::up || version_ < 2)
    return to_caf({terminal_error::no_such_session, x.id.value});
  keeper::fetch packet;
  packet.h.request = next_request_++;
  packet.id = keeper::make_id(x.id.value);
  auto promise = self_->make_response_promise<program_ready>();
  pending_[packet.h.request] = runtime::promise_guard<program_ready>(promise);
  send(packet);
  return promise;
}

void keeper_link_state::on_started(const keeper::started& x, std::vector<unique_fd>& fds) {
  const auto at = pending_.find(x.h.request);
  if (at == pending_.end())
    return;
  auto made = make_ready(session_id{std::string(keeper::view(x.id))}, fds);
  made.what->pid = x.pid;
  made.what->warden = x.warden;
  auto& entry = held_[made.what->id.value];
  if (entry.phase == keeper::phase::emptied)
    ++config_.board->restarts;
  entry.phase = keeper::phase::running;
  entry.status = -1;
  entry.signal = 0;
  at->second.deliver(std::move(made));
  pending_.erase(at);
}

void keeper_link_state::on_refused(const keeper::refused& x) {
  const auto at = pending_.find(x.h.request);
  if (at == pending_.end()) {
    log_.warn("keeper refused an order", log::kv("step", static_cast<unsigned>(x.at)));
    return;
  }
  const auto known = held_.find(std::string(keeper::view(x.id)));
  if (known != held_.end() && known->second.phase == keeper::phase::running)
    held_.erase(known); // else it was the next program of a session that stays
  auto refusal = std::make_shared<const keeper::refused>(x);
  if (x.at == keeper::step::sandbox)
    log_.warn(
        "sandbox was refused",
        log::kv("text", std::string_view(x.text.data(), ::strnlen(x.text.data(), x.text.size()))));
  at->second.deliver(program_ready{nullptr, std::move(refusal)});
  pending_.erase(at);
}

void keeper_link_state::on_claim(const claim_program& x) {
  auto& entry = held_[x.id.value];
  entry.terminal = caf::actor_cast<caf::weak_actor_ptr>(x.who);
  tell(entry);
}

void keeper_link_state::tell(const held& about) {
  const auto terminal = caf::actor_cast<terminal_actor>(about.terminal);
  if (!terminal || about.phase == keeper::phase::running)
    return;
  child_exited how;
  if (about.signal != 0)
    how.signal = about.signal;
  else if (about.status >= 0)
    how.status = about.status;
  self_->send(terminal, how);
  if (about.phase == keeper::phase::emptied)
    self_->send(terminal, tree_emptied{});
}

void keeper_link_state::on_exited(const keeper::exited& x) {
  const auto at = held_.find(std::string(keeper::view(x.id)));
  if (at == held_.end())
    return;
  at->second.phase = keeper::phase::exited;
  at->second.status = x.status;
  at->second.signal = x.signal;
  tell(at->second);
}

void keeper_link_state::on_emptied(const keeper::emptied& x) {
  const auto at = held_.find(std::string(keeper::view(x.id)));
  if (at == held_.end())
    return;
  at->second.phase = keeper::phase::emptied;
  if (auto terminal = caf::actor_cast<terminal_actor>(at->second.terminal))
    self_->send(terminal, tree_emptied{});
}

void keeper_link_state::on_signal(const signal_program& x) {
  if (state_ == link::up)
    send(keeper::send_signal{{keeper::kind::send_signal, 0},
                             keeper::make_id(x.id.value),
                             x.number,
                             keeper::reach::tree});
}

void keeper_link_state::on_end(const end_program& x) {
  if (state_ == link::up)
    send(keeper::end{{keeper::kind::end, 0}, keeper::make_id(x.id.value)});
}

caf::result<program_forgotten> keeper_link_state::on_forget(const forget_program& x) {
  held_.erase(x.id.value);
  if (state_ != link::up)
    return to_caf({terminal_error::spawn_failed, "the keeper is not there; try again in a moment"});
  const auto request = next_request_++;
  auto promise = self_->make_response_promise<program_forgotten>();
  forgetting_[request] = runtime::promise_guard<program_forgotten>(promise);
  send(keeper::forget{{keeper::kind::forget, request}, keeper::make_id(x.id.value)});
  return promise;
}

keeper_actor::behavior_type keeper_link(keeper_pointer self, keeper_config config) {
  runtime::arm(self);
  auto* s = &self->state;
  s->start(std::move(config));
  return {
      [s](const start_program& x) { return s->on_start(x); },
      [s](const claim_program& x) { s->on_claim(x); },
      [s](const signal_program& x) { s->on_signal(x); },
      [s](const end_program& x) { s->on_end(x); },
      [s](const forget_program& x) { return s->on_forget(x); },
      [s](const fetch_program& x) { return s->on_fetch(x); },
      [s](keeper_readable) { s->on_readable(); },
      [s](keeper_writable) { s->on_writable(); },
      [s](const keeper_launched& x) { s->on_launched(x); },
      [s](const timer_fired& x) { s->on_timer(x); },
  };
}

} // namespace roost::terminal
