#include "apps/keeper/program_keeper.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "apps/keeper/daemon.hpp"
#include "apps/keeper/log.hpp"

// Connections, processes and time. What the owner's packets do is in owner_packets.cpp.
namespace roost::keeper {
namespace {

using std::chrono::milliseconds;
using std::chrono::seconds;

constexpr seconds hello_within{5}; ///< a server says hello at once
constexpr std::size_t most_strangers = 8;
constexpr int most_packets = 32; ///< in one turn, so that others have theirs
/// The ladder on which everything ends with the keeper: HUP, TERM, KILL, and giving up.
constexpr seconds from_hup_to_term{2};
constexpr seconds from_term_to_kill{3};
constexpr seconds from_kill_to_exit{5};
constexpr milliseconds shortest_pause{5}; ///< as a warden's
constexpr milliseconds longest_pause{200};
constexpr seconds look_around_every{1};
/// An owner that takes its packets as they come never has this many waiting, also with all its
/// sessions' ends at once.
constexpr std::size_t queued_per_session = 4;
constexpr std::size_t queued_always = 64;

} // namespace

program_keeper::program_keeper(keeper_options options, const inheritance& inherited,
                               descriptor folder, descriptor listener)
    : options_(options), inherited_(inherited), folder_(std::move(folder)),
      listener_(std::move(listener)), strays_(::getpid()) {
  ::prctl(PR_SET_CHILD_SUBREAPER, 1); // adopts what a killed warden leaves
  sigset_t ours;
  ::sigemptyset(&ours);
  for (const int number : {SIGCHLD, SIGTERM, SIGINT})
    ::sigaddset(&ours, number);
  ::sigprocmask(SIG_SETMASK, &ours, nullptr);
  ::signal(SIGHUP, SIG_IGN);
  signals_ = descriptor(::signalfd(-1, &ours, SFD_CLOEXEC | SFD_NONBLOCK));
  spare_ = descriptor(::open("/dev/null", O_RDONLY | O_CLOEXEC));
  struct stat socket {};
  if (::fstatat(folder_.get(), socket_name, &socket, AT_SYMLINK_NOFOLLOW) == 0)
    socket_inode_ = socket.st_ino;
  if (options_.may_use_cgroups)
    cgroups_.open();
  busy_until_ = clock::now();
}

program_keeper::~program_keeper() = default;

int program_keeper::run() {
  using watch = event_loop::watch;
  if (!signals_ ||
      loop_.add(signals_.get(), EPOLLIN, [this](auto) { on_signals(); }) == watch::none ||
      // One in a turn: those that have gone again, like whoever only asks whether a keeper is
      // there, are dropped at its end and do not count as strangers that newcomers have to wait
      // for.
      loop_.add(listener_.get(), EPOLLIN, [this](auto) { accept_one(); }) == watch::none) {
    note("cannot wait for anything: errno %d", errno);
    return 1;
  }
  note("keeps programs, pid %d, %s cgroups", ::getpid(), cgroups_.is_open() ? "with" : "without");
  while (!is_done_) {
    loop_.turn(next_deadline());
    drop_lost_peers();
    on_time();
  }
  if (is_reachable())
    for (const char* name : {socket_name, pid_name})
      ::unlinkat(folder_.get(), name, 0);
  note("ends, with %zu sessions", sessions_.size());
  return 0;
}

// ---- connections ----

bool program_keeper::accept_one() {
  descriptor socket(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC | SOCK_NONBLOCK));
  if (!socket && (errno == EMFILE || errno == ENFILE)) {
    // It would wait, and wake us, for ever: take it with the spare descriptor, and close it.
    spare_.reset();
    socket.reset(::accept4(listener_.get(), nullptr, nullptr, SOCK_CLOEXEC));
    socket.reset();
    spare_.reset(::open("/dev/null", O_RDONLY | O_CLOEXEC));
    note("a connection was closed: no descriptor is left");
    return true;
  }
  if (!socket)
    return errno == EINTR || errno == ECONNABORTED;
  ucred who{};
  socklen_t size = sizeof who;
  if (::getsockopt(socket.get(), SOL_SOCKET, SO_PEERCRED, &who, &size) != 0 ||
      (who.uid != ::geteuid() && who.uid != 0)) {
    note("a connection of uid %u was closed", who.uid);
    return true;
  }
  if (strangers_.size() >= most_strangers) {
    note("a connection was closed: %zu others have not said hello", strangers_.size());
    return true;
  }
  strangers_.push_back(
      std::make_unique<peer>(loop_, std::move(socket), [this](peer& from) { on_input(from); }));
  strangers_.back()->hello_until = clock::now() + hello_within;
  return true;
}

void program_keeper::on_input(peer& from) {
  for (int i = 0; i < most_packets && !from.is_lost(); ++i) {
    const auto what = from.receive();
    if (!what)
      return;
    if (&from == owner_.get())
      obey(*what);
    else
      greet(from, *what);
  }
}

void program_keeper::greet(peer& from, const arrival& what) {
  const auto said = read_packet<hello>(what.bytes.data(), what.bytes.size());
  if (!said || said->h.what != kind::hello || said->magic != magic)
    return from.close();
  welcome answer;
  answer.h.request = said->h.request;
  answer.pid = ::getpid();
  answer.build = build_name();
  const auto newest = std::min(said->newest, newest_version);
  if (newest < std::max(said->oldest, oldest_version)) {
    note("a server speaks versions %u to %u only", said->oldest, said->newest);
    from.send(answer);
    return from.close();
  }
  const auto former = std::move(owner_);
  const auto found =
      std::ranges::find_if(strangers_, [&](const auto& e) { return e.get() == &from; });
  owner_ = std::move(*found);
  strangers_.erase(found);
  owner_->version = newest;
  cancel_starts();
  ++generation_;
  std::uint32_t count = 0;
  for (auto& [id, each] : sessions_) {
    each.session->hand_over(generation_);
    count += is_listed(each) ? 1 : 0;
  }
  if (former) // not before: what it writes down when it hears this must not get into a memory
    former->send(fenced{});
  answer.version = newest;
  answer.generation = generation_;
  answer.sessions = count;
  if (newest >= 2)
    answer.has_cgroups =
        (cgroups_.is_open() ? cgroups_end : 0) | (cgroups_.can_limit() ? cgroups_limit : 0);
  owner_->send(answer);
  for (const auto& [id, each] : sessions_)
    if (is_listed(each))
      tell_of(*each.session, 0);
  owner_->send(ready{});
  std::string build(said->build.begin(), std::ranges::find(said->build, '\0'));
  std::erase_if(build, [](char c) { return c <= ' ' || c > '~'; });
  note("owner %llu: server %s, version %u, %u sessions",
       static_cast<unsigned long long>(generation_), build.c_str(), newest, count);
}

void program_keeper::drop_lost_peers() {
  const auto now = clock::now();
  std::erase_if(strangers_,
                [&](const auto& each) { return each->is_lost() || now >= each->hello_until; });
  if (!owner_)
    return;
  if (owner_->queued() > queued_per_session * sessions_.size() + queued_always) {
    note("the owner does not read its packets");
    owner_->close();
  }
  if (!owner_->is_lost())
    return;
  // Nothing is lost: what it has not heard is told to the next one.
  note("owner %llu has left", static_cast<unsigned long long>(generation_));
  owner_.reset();
  cancel_starts();
  if (is_draining_)
    for (auto& [id, each] : sessions_)
      each.session->start_drain();
}

/// A start whose owner is gone is taken back: nobody would know of the program.
void program_keeper::cancel_starts() {
  for (auto& [id, each] : sessions_)
    if (each.live().now() != held_session::state::held) {
      each.is_answered = true;
      each.live().fail({step::process, ECANCELED});
    }
}

// ---- processes ----

void program_keeper::on_signals() {
  signalfd_siginfo what{};
  while (::read(signals_.get(), &what, sizeof what) == static_cast<ssize_t>(sizeof what))
    if (what.ssi_signo != SIGCHLD) {
      note("signal %u from pid %u", what.ssi_signo, what.ssi_pid);
      if (closing_ != closing::no)
        closing_ = closing::terminated; // asked twice: the next step is to kill
      close_further();
    }
  reap();
}

void program_keeper::reap() {
  int status = 0;
  for (pid_t pid = 0; (pid = ::waitpid(-1, &status, WNOHANG)) > 0;) {
    const auto found = std::ranges::find_if(
        sessions_, [pid](const auto& each) { return each.second.live().warden() == pid; });
    if (found == sessions_.end()) {
      for (auto& [id, each] : sessions_)
        if (each.live().pid() == pid && each.live().life() == phase::running)
          each.live().on_leader_gone(status);
    } else if (found->second.live().on_warden_gone(status)) {
      emptied(found->second.live());
    } else {
      found->second.is_orphaned = true;
      has_strays_ = true;
      strays_at_ = clock::now();
      strays_pause_ = shortest_pause;
    }
  }
}

/// Our children are wardens, or they are what killed wardens have left.
void program_keeper::kill_strays() {
  std::unordered_set<pid_t> wardens;
  for (const auto& [id, each] : sessions_)
    wardens.insert(each.live().warden());
  const auto outcome = strays_.round(wardens);
  reap();
  strays_pause_ = outcome.has_new ? shortest_pause : std::min(strays_pause_ * 2, longest_pause);
  strays_at_ = clock::now() + strays_pause_;
  if (outcome.found != 0)
    return;
  has_strays_ = false;
  strays_ = tree_killer(::getpid());
  std::vector<held_session*> orphaned;
  for (auto& [id, each] : sessions_)
    if (std::exchange(each.is_orphaned, false))
      orphaned.push_back(&each.live());
  for (auto* each : orphaned)
    emptied(*each);
}

void program_keeper::emptied(held_session& whom) {
  whom.on_emptied();
  auto& known = sessions_.find(view(whom.id()))->second;
  if (whom.now() == held_session::state::failing) {
    if (!known.is_answered && owner_)
      refuse(known.request, whom.id(), whom.why_failed(), whom.said());
    if (!known.next || known.is_forgotten)
      return forget_now(whom);
    return known.next.reset(); // the session is what it was
  }
  if (known.is_forgotten)
    return forget_now(whom);
  if (owner_) {
    keeper::emptied packet;
    packet.id = whom.id();
    owner_->send(packet);
  }
}

void program_keeper::forget_now(const held_session& whom) {
  sessions_.erase(sessions_.find(view(whom.id())));
}

void program_keeper::close_further() {
  const auto now = clock::now();
  int number = 0;
  switch (closing_) {
  case closing::no:
    closing_ = closing::hung_up;
    close_further_at_ = now + from_hup_to_term;
    number = SIGHUP;
    break;
  case closing::hung_up:
    closing_ = closing::terminated;
    close_further_at_ = now + from_term_to_kill;
    number = SIGTERM;
    break;
  case closing::terminated:
    closing_ = closing::killed;
    close_further_at_ = now + from_kill_to_exit;
    break;
  case closing::killed: // what is left cannot be killed by us; its wardens go on trying
    is_done_ = true;
    return;
  }
  for (auto& [id, each] : sessions_) {
    if (number != 0 && !each.live().is_empty())
      each.live().send_signal(number, reach::tree);
    else
      each.live().end_tree();
  }
}

// ---- time ----

void program_keeper::on_time() {
  const auto now = clock::now();
  if (owner_ && owner_->retry_at() && now >= *owner_->retry_at())
    owner_->flush();
  if (has_strays_ && now >= strays_at_)
    kill_strays();
  const bool has_processes = std::ranges::any_of(
      sessions_, [](const auto& each) { return !each.second.live().is_empty(); });
  if (closing_ != closing::no && !has_processes)
    is_done_ = true;
  if (closing_ != closing::no && !is_done_ && now >= close_further_at_)
    close_further();
  if (now >= look_around_at_) {
    look_around_at_ = now + look_around_every;
    cgroups_.sweep();
    if (!owner_ && closing_ == closing::no && !is_reachable()) {
      note("the folder or its socket is gone: nobody can come back, so everything ends");
      close_further();
    }
  }
  if (!sessions_.empty() || owner_ || !strangers_.empty())
    busy_until_ = now;
  else if (now >= busy_until_ + options_.linger && !accept_one())
    is_done_ = true;
}

program_keeper::clock::time_point program_keeper::next_deadline() const {
  auto next = clock::now() + std::chrono::hours(1);
  const auto at = [&next](clock::time_point when) { next = std::min(next, when); };
  for (const auto& each : strangers_)
    at(each->hello_until);
  if (owner_ && owner_->retry_at())
    at(*owner_->retry_at());
  if (has_strays_)
    at(strays_at_);
  if (closing_ != closing::no)
    at(close_further_at_);
  if (!owner_ || cgroups_.has_leftovers())
    at(look_around_at_);
  if (sessions_.empty() && !owner_ && strangers_.empty())
    at(busy_until_ + options_.linger);
  return next;
}

/// Whether a server can still find our socket.
bool program_keeper::is_reachable() const {
  struct stat folder {};
  struct stat socket {};
  return ::fstat(folder_.get(), &folder) == 0 && folder.st_nlink > 0 &&
         ::fstatat(folder_.get(), socket_name, &socket, AT_SYMLINK_NOFOLLOW) == 0 &&
         socket.st_ino == socket_inode_;
}

} // namespace roost::keeper
