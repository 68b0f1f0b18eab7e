#include <cerrno>
#include <csignal>
#include <cstring>

#include "apps/keeper/log.hpp"
#include "apps/keeper/program_keeper.hpp"

// What the owner's packets do, and what is said to it.
namespace roost::keeper {
namespace {

constexpr std::uint16_t version_of_fetch = 2;

/// Packets that name a session must name one.
template <class Packet>
bool has_good_id(const Packet& packet) {
  if constexpr (requires { packet.id; })
    return is_valid(packet.id);
  return true;
}

} // namespace

std::array<char, 32> build_name() {
  std::array<char, 32> out{};
  std::strncpy(out.data(), ROOST_VERSION, out.size() - 1);
  return out;
}

/// Every packet after `hello`. One that is malformed is refused, and changes nothing.
void program_keeper::obey(const arrival& what) {
  const auto known = read_packet<head>(what.bytes.data(), what.bytes.size());
  if (!known)
    return note("the owner sent %zu bytes that are no packet", what.bytes.size());
  switch (known->what) {
  case kind::start:
    return obey_as(what, &program_keeper::obey_start);
  case kind::send_signal:
    return obey_as(what, &program_keeper::obey_signal);
  case kind::end:
    return obey_as(what, &program_keeper::obey_end);
  case kind::forget:
    return obey_as(what, &program_keeper::obey_forget);
  case kind::set_drain:
    return obey_as(what, &program_keeper::obey_drain);
  case kind::fetch:
    if (owner_->version >= version_of_fetch)
      return obey_as(what, &program_keeper::obey_fetch);
    break;
  default:
    break;
  }
  refuse(known->request, {}, {step::packet, 0});
}

template <class Packet>
void program_keeper::obey_as(const arrival& what,
                             void (program_keeper::*does)(const Packet&, const arrival&)) {
  const auto packet = read_packet<Packet>(what.bytes.data(), what.bytes.size());
  if (packet && has_good_id(*packet))
    return (this->*does)(*packet, what);
  const auto known = read_packet<head>(what.bytes.data(), what.bytes.size());
  refuse(known->request, {}, {step::packet, 0});
}

void program_keeper::obey_start(const start& packet, const arrival& what) {
  const auto no = [&](step at, int error) { refuse(packet.h.request, packet.id, {at, error}); };
  const auto came = what.descriptors.size();
  if (what.has_lost_descriptors && came <= most_extra_fds)
    return no(step::process, EMFILE); // they were sent, and there was no room for them here
  if (what.has_lost_descriptors || came == 0 || came > most_extra_fds + 1)
    return no(step::packet, 0);
  const auto bytes = copy_request(what.descriptors.front().get(), packet.request_bytes);
  const auto request = bytes ? parse_request(*bytes, owner_->version) : std::nullopt;
  if (!request)
    return no(step::packet, 0);
  auto* const known = find(packet.id);
  if (known != nullptr && !request->is_again)
    return no(step::id, EEXIST);
  if (known == nullptr && request->is_again)
    return no(step::id, ENOENT);
  if (known != nullptr && !known->live().is_empty())
    return no(step::id, EBUSY);
  if (closing_ != closing::no)
    return no(step::process, ECANCELED);
  if (known == nullptr && sessions_.size() >= most_sessions)
    return no(step::process, EAGAIN);

  auto made = std::make_unique<held_session>(loop_, cgroups_, *this, packet.id);
  std::vector<int> extras;
  for (std::size_t i = 1; i < came; ++i)
    extras.push_back(what.descriptors[i].get());
  if (const auto why = made->begin(*request, extras, inherited_, generation_,
                                   known != nullptr ? known->session.get() : nullptr))
    return no(why->at, why->error);
  auto& place = sessions_[std::string(view(packet.id))];
  (known != nullptr ? place.next : place.session) = std::move(made);
  place.request = packet.h.request;
  place.is_answered = false;
}

void program_keeper::obey_signal(const keeper::send_signal& packet, const arrival&) {
  auto* const whom = find(packet.id);
  const bool is_known = packet.number > 0 && packet.number < NSIG &&
                        (packet.to == reach::jobs || packet.to == reach::tree);
  if (!is_known)
    return refuse(packet.h.request, packet.id, {step::packet, 0});
  if (whom != nullptr && !whom->live().is_empty())
    whom->live().send_signal(packet.number, packet.to);
}

void program_keeper::obey_end(const keeper::end& packet, const arrival&) {
  if (auto* const whom = find(packet.id))
    whom->live().end_tree();
}

void program_keeper::obey_forget(const forget& packet, const arrival&) {
  forgotten answer;
  answer.h.request = packet.h.request;
  answer.id = packet.id;
  owner_->send(answer);
  auto* const whom = find(packet.id);
  if (whom == nullptr)
    return;
  if (whom->live().is_empty())
    return forget_now(*whom->session);
  whom->is_forgotten = true;
  whom->live().fail({step::process, ECANCELED});
  whom->live().end_tree();
  whom->session->let_go();
  whom->live().let_go();
}

void program_keeper::obey_drain(const set_drain& packet, const arrival&) {
  is_draining_ = packet.on != 0;
}

void program_keeper::obey_fetch(const fetch& packet, const arrival&) {
  const auto* const whom = find(packet.id);
  if (whom == nullptr || !is_listed(*whom))
    return refuse(packet.h.request, packet.id, {step::id, ENOENT});
  tell_of(*whom->session, packet.h.request);
}

// ---- what the owner hears ----

void program_keeper::refuse(std::uint32_t request, const id_text& id, trouble why,
                            std::string_view text) {
  refused packet;
  packet.h.request = request;
  packet.id = id;
  packet.at = why.at;
  packet.error = why.error;
  text.copy(packet.text.data(), packet.text.size() - 1);
  owner_->send(packet);
}

void program_keeper::tell_of(const held_session& whom, std::uint32_t request) {
  const auto descriptors = whom.descriptors();
  session packet;
  packet.h.request = request;
  packet.id = whom.id();
  packet.now = whom.life();
  packet.has_terminal = descriptors.size() > 1 ? 1 : 0;
  packet.pid = whom.pid();
  packet.warden = whom.warden();
  packet.status = whom.status();
  packet.signal = whom.signal();
  owner_->send(packet, descriptors);
}

void program_keeper::on_started(held_session& whom) {
  auto* const known = find(whom.id());
  if (known != nullptr && known->next)
    known->session = std::move(known->next);
  if (known == nullptr || known->is_forgotten || std::exchange(known->is_answered, true) || !owner_)
    return;
  started packet;
  packet.h.request = known->request;
  packet.id = whom.id();
  packet.pid = whom.pid();
  packet.warden = whom.warden();
  owner_->send(packet, whom.descriptors());
}

void program_keeper::on_exited(held_session& whom) {
  const auto* const known = find(whom.id());
  if (known == nullptr || known->is_forgotten || !owner_)
    return;
  exited packet;
  packet.id = whom.id();
  packet.status = whom.status();
  packet.signal = whom.signal();
  owner_->send(packet);
}

// ---- sessions by name ----

program_keeper::entry* program_keeper::find(const id_text& id) {
  const auto found = sessions_.find(view(id));
  return found == sessions_.end() ? nullptr : &found->second;
}

bool program_keeper::is_listed(const entry& which) {
  return !which.is_forgotten && which.session->now() == held_session::state::held;
}

} // namespace roost::keeper
