// What the lists of snapshots and of checkpoints have in common. Pure templates; loop thread only, as what they look
// at.
#pragma once
#include <string>
#include <vector>

#include "drivers/qemu/calls/support.h"
#include "drivers/qemu/snapshots/moment_tree.h"

namespace virtue::qemu {

/// All of a guest for an empty `from`, or those behind one, as far as `keep` takes them. The first bit of the flags
/// says "only the first ones" for a guest, and "not only the first ones" for a moment.
template <typename M, typename Keep>
std::vector<typename MomentTree<M>::Owner> chosen_moments(const MomentTree<M>& tree, const std::string& from,
                                                          bool first_bit, Keep keep) {
    const bool all = from.empty() ? !first_bit : first_bit;
    std::vector<typename MomentTree<M>::Owner> found = all ? tree.descendants(from) : tree.children(from);
    std::erase_if(found, [&](const auto& one) { return !keep(*one); });
    return found;
}

/// The answer to a call that lists them: their number, and themselves if they are wanted.
template <typename Ret, typename Owner, typename List>
Ret listed_moments(const Domain& domain, const std::vector<Owner>& found, bool wanted, List Ret::*list) {
    Ret ret;
    ret.ret = static_cast<int32_t>(found.size());
    if (!wanted) return ret;
    for (const Owner& one : found) (ret.*list).push_back({one->name, ref(domain)});
    return ret;
}

}  // namespace virtue::qemu
