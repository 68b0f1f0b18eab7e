#include "apps/keeper/held_session.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <unistd.h>

#include <array>
#include <cerrno>

#include "apps/keeper/log.hpp"
#include "apps/keeper/stage.hpp"
#include "apps/keeper/terminal.hpp"
#include "apps/keeper/warden.hpp"

namespace roost::keeper {
namespace {

constexpr std::size_t most_said = 511; // what `refused::text` can hold

struct two_ends {
  descriptor ours;
  descriptor theirs;
};

std::optional<two_ends> make_pipe() {
  int ends[2]{};
  if (::pipe2(ends, O_CLOEXEC) != 0)
    return std::nullopt;
  ::fcntl(ends[0], F_SETFL, O_NONBLOCK); // of our end only
  return two_ends{descriptor(ends[0]), descriptor(ends[1])};
}

std::optional<two_ends> make_channel() {
  int ends[2]{};
  if (::socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) != 0)
    return std::nullopt;
  return two_ends{descriptor(ends[0]), descriptor(ends[1])};
}

/// What a sandbox printed, as lines, without what a terminal adds.
std::string read_said(int master) {
  std::string out;
  std::array<char, most_said> piece;
  while (out.size() < most_said) {
    const auto got = ::read(master, piece.data(), most_said - out.size());
    if (got < 0 && errno == EINTR)
      continue;
    if (got <= 0)
      break;
    out.append(piece.data(), static_cast<std::size_t>(got));
  }
  std::erase(out, '\r');
  while (out.ends_with('\n'))
    out.pop_back();
  return out;
}

} // namespace

held_session::held_session(event_loop& loop, cgroup_home& cgroups, session_listener& listener,
                           const id_text& id)
    : loop_(loop), cgroups_(cgroups), listener_(listener), id_(id) {}

held_session::~held_session() {
  for (auto* each : {&on_channel_, &on_errors_, &on_report_, &on_output_})
    loop_.remove(*each);
}

std::optional<trouble> held_session::begin(const start_request& request, std::vector<int> extras,
                                           const inheritance& inherited, std::uint64_t owner,
                                           const held_session* last) {
  if (request.user && ::geteuid() != 0)
    return trouble{step::user, EPERM};
  std::optional<terminal_owner> owner_of_tty;
  if (request.user)
    owner_of_tty = {request.user->uid, request.terminal_group};
  auto tty = open_terminal(request.size, owner_of_tty);
  if (!tty)
    return trouble{step::terminal, errno};
  if (last != nullptr)
    memory_ = last->memory_;
  else if (auto made = session_memory::make(request.memory.history))
    memory_ = std::make_shared<session_memory>(std::move(*made));
  if (!memory_)
    return trouble{step::memory, errno};
  auto channel = make_channel();
  auto errors = channel ? make_pipe() : std::nullopt;
  auto report = errors && request.is_sandboxed ? make_pipe() : std::nullopt;
  if (!channel || !errors || (request.is_sandboxed && !report))
    return trouble{step::process, errno};
  if (auto failed = cgroups_.make(view(id_), request.cgroup_lines))
    return failed;

  memory_->set_owner(owner);
  memory_file_ = memory_->file();
  master_ = std::make_shared<const descriptor>(std::move(tty->master));
  tty_ = std::move(tty->program);
  channel_ = std::move(channel->ours);
  errors_ = std::move(errors->ours);
  is_sandboxed_ = request.is_sandboxed;
  const auto door = cgroups_.door(view(id_));
  program_plan plan{.request = request,
                    .inherited = inherited,
                    .tty = tty_.get(),
                    .extras = std::move(extras),
                    .errors = errors->theirs.get(),
                    .door = door.get()};
  if (report) {
    report_ = std::move(report->ours);
    plan.extras.push_back(report->theirs.get());
    on_report_ = loop_.add(report_.get(), EPOLLIN, [this](std::uint32_t) { read_report(); });
  }
  on_errors_ = loop_.add(errors_.get(), EPOLLIN, [this](std::uint32_t) { read_errors(); });
  on_channel_ = loop_.add(channel_.get(), EPOLLIN, [this](std::uint32_t) { read_notices(); });
  constexpr auto none = event_loop::watch::none;
  const bool is_watched =
      on_errors_ != none && on_channel_ != none && (on_report_ != none || !report);
  warden_ = is_watched ? ::fork() : -1;
  if (warden_ == 0)
    run_warden(plan, channel->theirs.get());
  if (warden_ < 0) {
    const trouble failed{step::process, errno};
    warden_ = 0;
    cgroups_.remove(view(id_));
    return failed;
  }
  return std::nullopt;
}

void held_session::send_signal(int number, reach to) {
  warden_order order{.number = number, .to = to};
  if (master_ && to == reach::jobs)
    order.front = ::tcgetpgrp(master_->get());
  // An owner that signals faster than the warden can is not heard.
  if (::send(channel_.get(), &order, sizeof order, MSG_DONTWAIT | MSG_NOSIGNAL) < 0)
    note("session %s: signal %d was not sent: errno %d", id_.data(), number, errno);
}

void held_session::end_tree() {
  if (is_empty_)
    return;
  cgroups_.kill(view(id_));
  ::shutdown(channel_.get(), SHUT_WR);
  if (warden_ != 0)
    ::kill(warden_, SIGCONT); // a program may have stopped it, to outlive the session
}

void held_session::fail(trouble why) {
  if (state_ != state::starting)
    return;
  state_ = state::failing;
  why_ = why;
  loop_.remove(on_errors_);
  loop_.remove(on_report_);
  end_tree();
}

void held_session::let_go() {
  stop_drain();
  memory_.reset();
  memory_file_.reset();
  master_.reset();
  tty_.reset();
}

/// The pipe of exec: a `trouble`, or its end.
void held_session::read_errors() {
  if (state_ != state::starting || is_program_there_)
    return;
  trouble what;
  const auto got = ::read(errors_.get(), &what, sizeof what);
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  loop_.remove(on_errors_);
  if (got != 0)
    return fail(got == static_cast<ssize_t>(sizeof what) ? what : trouble{step::process, EIO});
  is_program_there_ = true;
  read_notices(); // who it is was said before the pipe closed
  if (!is_sandboxed_)
    started();
}

/// The pipe of the sandbox's stage. Its end says nothing: the exit will.
void held_session::read_report() {
  if (state_ != state::starting)
    return;
  std::array<char, sizeof(trouble)> bytes{};
  const auto got = ::read(report_.get(), bytes.data(), bytes.size());
  if (got < 0 && (errno == EAGAIN || errno == EINTR))
    return;
  loop_.remove(on_report_);
  if (got == 1 && bytes[0] == stage_is_ready)
    return started();
  if (const auto what = read_packet<trouble>(bytes.data(), got > 0 ? std::size_t(got) : 0))
    fail(*what);
}

void held_session::read_notices() {
  for (;;) {
    warden_notice what;
    const auto got = ::recv(channel_.get(), &what, sizeof what, MSG_DONTWAIT);
    if (got < 0 && errno == EINTR)
      continue;
    if (got < 0 && errno == EAGAIN)
      return;
    if (got != static_cast<ssize_t>(sizeof what))
      return loop_.remove(on_channel_); // the warden's end: it is reaped in a moment
    if (what.what == warden_notice::fact::born)
      pid_ = what.pid;
    else
      leader_exited(what.status, what.signal);
  }
}

void held_session::started() {
  if (state_ != state::starting)
    return;
  if (pid_ == 0)
    return fail({step::process, ESRCH}); // the warden was killed before it could begin
  state_ = state::held;
  errors_.reset();
  report_.reset();
  loop_.remove(on_report_);
  listener_.on_started(*this);
  if (has_exited_)
    announce_exit();
}

void held_session::leader_exited(int status, int signal) {
  if (has_exited_)
    return;
  has_exited_ = true;
  status_ = status;
  signal_ = signal;
  if (state_ == state::held)
    return announce_exit();
  // What was written before is in the pipes.
  read_errors();
  if (is_sandboxed_)
    read_report();
  else if (is_program_there_)
    started();
  fail({step::sandbox, 0});
}

void held_session::announce_exit() {
  tty_.reset();
  listener_.on_exited(*this);
}

bool held_session::on_warden_gone(int wait_status) {
  read_notices();
  read_errors();
  warden_ = 0;
  if (WIFEXITED(wait_status))
    return true; // a warden leaves when nobody is left, or before anybody was
  note("session %s: its warden was killed", id_.data());
  return false;
}

void held_session::on_leader_gone(int wait_status) {
  if (WIFEXITED(wait_status))
    leader_exited(WEXITSTATUS(wait_status), 0);
  else
    leader_exited(-1, WTERMSIG(wait_status));
}

void held_session::on_emptied() {
  is_empty_ = true;
  loop_.remove(on_channel_);
  fail({step::process, ESRCH}); // unless its start has succeeded or failed already
  leader_exited(-1, 0);         // unless it was heard: the warden took the status with it
  channel_.reset();
  cgroups_.remove(view(id_));
  if (state_ == state::failing && why_.at == step::sandbox && master_)
    said_ = read_said(master_->get());
}

phase held_session::life() const {
  return is_empty_ ? phase::emptied : has_exited_ ? phase::exited : phase::running;
}

std::vector<shared_descriptor> held_session::descriptors() const {
  std::vector<shared_descriptor> out{memory_file_};
  if (master_)
    out.push_back(master_);
  return out;
}

void held_session::start_drain() {
  if (!memory_ || !master_ || on_output_ != event_loop::watch::none)
    return;
  memory_->set_owner(0);
  drain_.begin(*memory_);
  on_output_ = loop_.add(master_->get(), EPOLLIN, [this](std::uint32_t) {
    const auto outcome = drain_.read_some(*memory_, master_->get());
    if (outcome == drain::outcome::again)
      return;
    stop_drain(); // the master stays: its next owner hears the end, too
    if (outcome == drain::outcome::blocked)
      note("session %s: no memory for its output, the program waits", id_.data());
  });
}

void held_session::stop_drain() { loop_.remove(on_output_); }

void held_session::hand_over(std::uint64_t owner) {
  stop_drain();
  if (memory_)
    memory_->set_owner(owner);
}

} // namespace roost::keeper
