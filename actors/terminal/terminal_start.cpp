// How a terminal comes to its program: started by the keeper, or taken over from an earlier server;
// and what it writes down for the next one.

#include "actors/terminal/terminal.hpp"

#include "actors/runtime/random.hpp"
#include "actors/terminal/keeper/order.hpp"
#include "actors/terminal/pty/pty.hpp"
#include "actors/terminal/pty/quoted.hpp"
#include "actors/terminal/pty/user_rights.hpp"

#include <caf/send.hpp>
#include <caf/stateful_actor.hpp>
#include <caf/typed_event_based_actor.hpp>

#include <unistd.h>

#include <algorithm>

namespace roost::terminal {

namespace {

// Starting a program takes milliseconds, unless its folder is on a disk that hangs.
constexpr std::chrono::seconds start_deadline{15};
// A checkpoint with scrollback costs some milliseconds: this often at most, and in at most a
// twentieth of the time.
constexpr std::chrono::milliseconds checkpoint_age{100};

/// `prepare`, with the eyes of `other` if the session is not the server's own user's.
result<prepared_spawn> prepare_as(const user_record* other, const spawn_request& wanted,
                                  const spawn_context& surroundings) {
  if (!other)
    return prepare(wanted, surroundings);
  const user_rights rights(*other);
  if (!rights.is_in_force())
    return failure{terminal_error::run_as_unavailable,
                   "the system does not let the server act for another user: it needs the "
                   "capabilities SETUID and SETGID"};
  auto prepared = prepare(wanted, surroundings);
  const bool depends_on_user =
      !prepared && (prepared.error().is(terminal_error::bad_cwd) ||
                    prepared.error().is(terminal_error::command_not_found) ||
                    prepared.error().is(terminal_error::command_not_executable));
  if (!depends_on_user)
    return prepared;
  auto why = std::move(prepared).error();
  why.detail += "; the session runs as " + quoted(other->name);
  return why;
}

} // namespace

void terminal_state::start_program(const spawn_request& wanted) {
  auto found_user = find_session_user();
  if (!found_user)
    return start_failed(found_user.error());
  const auto other = std::move(*found_user);
  auto surroundings = other ? for_user(*context_.spawn, *other) : *context_.spawn;
  surroundings.identity.session_id = info_.id.value;
  auto prepared = prepare_as(other.get(), wanted, surroundings);
  if (!prepared)
    return start_failed(prepared.error());
  const auto profile = find_sandbox_profile(context_.config.sandbox, info_.sandbox);
  if (!profile) {
    std::string known;
    const auto name_all = [&known](const std::vector<sandbox_profile>& profiles) {
      for (const auto& each : profiles)
        known += (known.empty() ? "" : ", ") + each.name;
    };
    name_all(builtin_sandbox_profiles());
    name_all(context_.config.sandbox.profiles);
    return start_failed(
        {terminal_error::no_such_profile, quoted(info_.sandbox) + "; this server knows " + known});
  }

  sandbox_request request;
  request.executable = prepared->executable;
  request.argv = prepared->argv;
  request.cwd = prepared->cwd;
  request.home = surroundings.user.home;
  request.uid = surroundings.user.uid;
  request.groups = surroundings.user.groups;
  request.data_dir = context_.data_dir;
  if (!surroundings.integration_dir.empty())
    request.shared.push_back(surroundings.integration_dir);
  request.bwrap = find_bwrap();
  request.has_cgroups = context_.board->has_cgroups;
  request.limits = context_.config.limits;
  auto plan = plan_sandbox(*profile, request);
  if (!plan)
    return start_failed(plan.error());
  info_.limits.clear();
  for (const auto& limit : plan->limits.enforced) {
    info_.limits.push_back(
        {std::string(limit.name), limit.value, std::string(to_string(limit.by))});
    if (limit.by == limit_enforcer::none)
      log_.warn("limit is held by nobody on this machine", log::kv("limit", limit.name),
                log::kv("value", limit.value));
  }
  auto order = make_order(*prepared, *plan, context_.config.history, context_.keeper_program);
  if (!order)
    return start_failed(order.error());
  if (other)
    add_user(*order, *other, find_group("tty"));
  if (has_started_)
    add_again(*order);

  info_.command = prepared->command;
  info_.cwd = prepared->cwd;
  if (!title_is_set_ && !prepared->command.empty()) {
    const auto& word = prepared->command.front();
    info_.title = word.substr(word.find_last_of('/') + 1);
  }
  auto what = std::make_shared<const prepared_spawn>(std::move(*prepared));
  runtime::ask(self_, context_.keeper.get(), start_deadline,
               roost::start_program{info_.id, std::make_shared<start_order>(std::move(*order)),
                                    terminal_actor{self_}})
      .then(
          [this, what, other](const program_ready& x) {
            if (x.what && has_started_)
              return begin_next(std::move(*x.what), what->size);
            if (x.what)
              return begin(std::move(*x.what), what->size);
            std::optional<user_rights> rights;
            if (other)
              rights.emplace(*other);
            start_failed(explain(*x.refusal, *what, info_.sandbox));
          },
          [this](const failure& why) {
            // It may begin when nobody waits for it any more.
            if (has_started_)
              self_->send(context_.keeper.get(), end_program{info_.id});
            else
              caf::anon_send(context_.keeper.get(), forget_program{info_.id});
            start_failed(why);
          });
}

result<std::shared_ptr<const user_record>> terminal_state::find_session_user() const {
  const auto& own = context_.spawn->user.name;
  const auto& wanted = info_.run_as;
  const auto& settings = context_.config.run_as;
  // Asked at each start, whoever has chosen: what is not allowed any more does not start again.
  if (!settings.allows(wanted, own))
    return failure{terminal_error::run_as_refused,
                   ::geteuid() != 0
                       ? "sessions run as \"" + own + "\", because root does not run this server"
                       : quoted(wanted) + " is not among terminals.run_as.allowed of the server"};
  if (wanted == own)
    return std::shared_ptr<const user_record>{};
  auto found = find_user(wanted);
  if (!found)
    return failure{terminal_error::run_as_unavailable,
                   "the system has no user " + quoted(wanted) + " any more"};
  return std::make_shared<const user_record>(std::move(*found));
}

void terminal_state::start_failed(failure why) {
  if (has_started_)
    return next_failed(why);
  start_failure_ = std::move(why);
  has_failed_ = true;
  if (describe_promise_.pending()) {
    describe_promise_.fail(start_failure_);
    self_->quit();
  }
}

void terminal_state::begin(kept_program program, terminal_size size) {
  auto memory = session_memory::open(std::move(program.memory), program.generation);
  if (!memory) {
    caf::anon_send(context_.keeper.get(), forget_program{info_.id});
    return start_failed(memory.error());
  }
  memory_ = std::move(*memory);
  auto kept = memory_->adopt(memory_->recover());
  history_ = std::make_unique<history>(
      context_.config.history,
      [this](std::uint64_t offset, const slice& bytes) { screen_->on_evict(offset, bytes); },
      memory_, std::move(kept));
  screen_ = std::make_unique<screen_follower>(
      *history_, screen_config{size.cols, size.rows, context_.config.scrollback_lines});
  policy_ = size_policy(size, info_.size_policy);
  info_.cols = size.cols;
  info_.rows = size.rows;
  fan_out_ =
      std::make_unique<fan_out>(*history_, context_.config.window, context_.config.fan_out_rate,
                                static_cast<fan_out_sink&>(*this));
  open_terminal(program);
  follow(life_.on_spawned());
  watch_age();
  save_note(); // before anybody hears that the session exists
  if (describe_promise_.pending())
    describe_promise_.deliver(info_);
  log_.info("session started", log::kv("pid", info_.pid), log::kv("cols", info_.cols),
            log::kv("rows", info_.rows), log::kv("sandbox", info_.sandbox),
            log::kv("run_as", info_.run_as));
  wait_for_output();
}

void terminal_state::adopt(kept_program program) {
  session_note note;
  recovery what;
  std::optional<stored_text> checkpoint;
  auto memory = session_memory::open(std::move(program.memory), program.generation);
  if (memory) {
    memory_ = std::move(*memory);
    what = memory_->recover();
    checkpoint = memory_->read_checkpoint();
    if (const auto text = memory_->read_note())
      if (auto read = read_note(text->text))
        note = std::move(*read);
  } else {
    log_.error("session's memory cannot be used; its output so far is lost",
               log::kv("why", memory.error().detail));
    what.is_end_trustworthy = false;
  }
  const bool is_note_lost = note.epoch.empty();
  const bool was_over = note.exited_at.has_value();
  // If another one has ended than the note knows of, the next one had been started: its output and
  // how it ended are still to be had.
  const bool was_between = !was_over && note.restart.next_at && note.wish &&
                           program.phase == keeper::phase::emptied &&
                           (note.ended_pid == 0 || note.ended_pid == program.pid);
  // Between two programs there is no terminal to ask.
  const auto found = get_size(program.master.get());
  const auto size = found && found->is_valid() && !was_between ? *found
                    : note.sizes.empty()                       ? terminal_size{}
                                                               : note.sizes.back().size;

  const auto on_evict = [this](std::uint64_t offset, const slice& bytes) {
    screen_->on_evict(offset, bytes);
  };
  history_ = memory_ ? std::make_unique<history>(context_.config.history, on_evict, memory_,
                                                 memory_->adopt(what), what.end)
                     : std::make_unique<history>(context_.config.history, on_evict);
  screen_origin origin;
  if (checkpoint) {
    origin.offset = checkpoint->offset;
    origin.checkpoint = std::move(checkpoint->text);
  }
  origin.sizes = note.sizes;
  origin.answers_from = what.end;
  screen_ = std::make_unique<screen_follower>(
      *history_, screen_config{size.cols, size.rows, context_.config.scrollback_lines},
      std::move(origin));
  const bool is_resized = !note.sizes.empty() && !(note.sizes.back().size == size);
  const auto started_at = note.program_started_at;
  restore(std::move(note));
  policy_ = size_policy(size, info_.size_policy);
  info_.cols = size.cols;
  info_.rows = size.rows;
  if (is_resized)
    screen_->resize(size);
  published_ = history_->end();
  live_offset_->store(published_, std::memory_order_relaxed);
  note_memory(history_->memory_bytes());

  fan_out_ =
      std::make_unique<fan_out>(*history_, context_.config.window, context_.config.fan_out_rate,
                                static_cast<fan_out_sink&>(*this));
  open_terminal(program);
  life_.on_spawned();
  if (was_over) {
    life_.on_output_end(now());
    life_.on_tree_empty(now());
    has_output_ended_ = true;
    pty_->close();
    fan_out_->end(now());
  } else if (is_note_lost) {
    log_.warn("session's note was damaged: its title, command and shell state are lost");
  } else if (!was_between) {
    if (const auto at = std::exchange(info_.restart.next_at, std::nullopt)) {
      ++info_.restart.count; // it had been started when the server before died
      program_started_ = *at;
    } else if (started_at) {
      program_started_ = *started_at;
    }
  }
  info_.state = life_.state();
  if (what.damaged_segments > 0)
    log_.warn("session's history was damaged", log::kv("segments", what.damaged_segments),
              log::kv("begin", what.begin), log::kv("end", what.end));
  if (!what.is_end_trustworthy) {
    // Offsets mean nothing to viewers any more: they get the screen under a new epoch.
    screen_->current();
    use_events();
    history_->jump(what.next_offset);
    published_ = history_->end();
    info_.epoch = fmt::format("{:016x}", os_random::instance().next());
    log_.warn("session goes on in a new epoch: output may be missing",
              log::kv("offset", what.next_offset));
  }
  if (was_between)
    go_on_between(program);
  save_note();
  if (describe_promise_.pending())
    describe_promise_.deliver(info_);
  log_.info("session taken over", log::kv("pid", info_.pid), log::kv("offset", history_->end()));
  if (!was_over) {
    self_->send(context_.keeper.get(), claim_program{info_.id, terminal_actor{self_}});
    if (is_kill_wanted_)
      ask_to_end(false);
    watch_age();
    wait_for_output();
  }
}

void terminal_state::restore(session_note note) {
  title_is_set_ = note.title_is_set;
  info_.title = std::move(note.title);
  info_.size_policy = note.size_policy;
  info_.owner = std::move(note.owner);
  info_.created_at = note.created_at == wall_time{} ? context_.clock->now_wall() : note.created_at;
  info_.exited_at = note.exited_at;
  info_.exit_status = note.exit_status;
  info_.signal = note.signal;
  info_.command = std::move(note.command);
  info_.cwd = std::move(note.cwd);
  info_.end_reason = std::move(note.end_reason);
  info_.record = note.record;
  info_.record_from = note.record_from;
  info_.sandbox = note.sandbox.empty() ? "none" : std::move(note.sandbox);
  // Without a note nobody knows; a note without a user is of a server that had but one.
  if (!note.epoch.empty())
    info_.run_as = note.run_as.empty() ? context_.spawn->user.name : std::move(note.run_as);
  info_.limits = std::move(note.limits);
  info_.epoch = note.epoch.empty() ? fmt::format("{:016x}", os_random::instance().next())
                                   : std::move(note.epoch);
  note_extra_ = std::move(note.extra);
  is_kill_wanted_ = note.is_kill_requested;
  info_.restart = note.restart;
  plan_ = restart_plan(context_.config.restart, note.restarts_in_row);
  ended_pid_ = note.ended_pid;
  wish_ = std::move(note.wish);
  shell_.restore(std::move(note.shell));
  info_.shell = shell_.info();
}

void terminal_state::open_terminal(kept_program& program) {
  has_started_ = true;
  program_started_ = context_.clock->now_wall();
  info_.pid = program.pid;
  info_.warden = program.warden;
  pty_ = pty_io::open(context_.place(), std::move(program.master));
  last_output_ = now();
  last_input_ = last_output_;
}

void terminal_state::watch_age() {
  const auto& limits = context_.config;
  if (is_over() || life_.is_kill_requested() ||
      (limits.lifetime.count() == 0 && limits.idle_limit.count() == 0))
    return;
  auto next = steady_time::max();
  const char* why = nullptr;
  if (limits.lifetime.count() > 0) {
    const auto age = context_.clock->now_wall() - info_.created_at;
    if (age >= limits.lifetime)
      why = "lifetime";
    next = now() + (limits.lifetime - std::chrono::duration_cast<std::chrono::nanoseconds>(age));
  }
  if (limits.idle_limit.count() > 0) {
    const auto until = std::max(last_output_, last_input_) + limits.idle_limit;
    if (now() >= until)
      why = "idle";
    next = std::min(next, until);
  }
  if (why != nullptr) {
    end_by_limit(why);
    return;
  }
  timers_.after(age_timer, next - now(), [this] { watch_age(); });
}

void terminal_state::end_by_limit(const std::string& limit) {
  if (!is_between_ && (life_.state() != session_state::running || life_.is_kill_requested()))
    return; // it ends already
  info_.end_reason = limit;
  log_.info("session ends by a limit", log::kv("limit", limit));
  ask_to_end(false);
}

void terminal_state::save_note() {
  if (!memory_ || !history_)
    return;
  session_note note;
  note.title = info_.title;
  note.title_is_set = title_is_set_;
  note.size_policy = info_.size_policy;
  note.owner = info_.owner;
  note.created_at = info_.created_at;
  note.exited_at = info_.exited_at;
  note.exit_status = info_.exit_status;
  note.signal = info_.signal;
  note.command = info_.command;
  note.cwd = info_.cwd;
  note.epoch = info_.epoch;
  note.sandbox = info_.sandbox;
  note.run_as = info_.run_as;
  note.limits = info_.limits;
  note.shell = shell_.save();
  note.sizes = screen_->sizes();
  note.is_kill_requested = life_.is_kill_requested() || is_kill_wanted_;
  note.restart = info_.restart;
  note.restarts_in_row = plan_.in_row();
  note.program_started_at = program_started_;
  note.ended_pid = ended_pid_;
  note.wish = wish_;
  note.end_reason = info_.end_reason;
  note.record = info_.record;
  note.record_from = info_.record_from;
  note.extra = note_extra_;
  memory_->write_note(write_note(note), history_->end());
}

void terminal_state::take_checkpoint(checkpoint_depth depth) {
  use_events(); // what was parsed must be in the note before the checkpoint leaves it out
  save_note();
  const auto shot = screen_->take_checkpoint(depth);
  memory_->write_checkpoint(shot.offset, *shot.bytes);
  history_->on_checkpoint(shot.offset);
}

void terminal_state::checkpoint_if_wanted() {
  if (!history_->wants_checkpoint())
    return;
  const auto began = now();
  const auto interval = std::max<std::chrono::nanoseconds>(checkpoint_age, 20 * checkpoint_cost_);
  if (began < checkpoint_made_ + interval)
    return take_checkpoint(checkpoint_depth::screen_only);
  take_checkpoint(checkpoint_depth::some_scrollback);
  checkpoint_made_ = now();
  checkpoint_cost_ = checkpoint_made_ - began;
}

} // namespace roost::terminal
