// Ownership of a guest's files: images and sockets belong to the guest's user while it runs, and get their former
// owner back afterwards (libvirt's "dac" security driver, with its extended attributes, so that either daemon can
// restore what the other noted). The functions block: call them from the blocking pool.
#pragma once
#include <cstdint>
#include <string>
#include <vector>

namespace virtue::qemu {

/// One file to hand over.
struct OwnedFile {
    std::string path;
    bool shared = false;  ///< several guests may use it (read-only or shareable): restored with the last of them
    bool restore = true;  ///< false for files that libvirt leaves as they are afterwards
};

/// Hands files over to a user and takes them back.
class DacOwner {
public:
    DacOwner(uint32_t uid, uint32_t gid, bool remember) : uid_(uid), gid_(gid), remember_(remember) {}

    /// Gives all files to the user; on an error those already given are restored. A file system that knows no owners
    /// (EOPNOTSUPP, EROFS) is passed over; so is a file on NFS that refuses (EPERM), if the user can open it as it is.
    /// A link on the way that belongs to the guest's user is refused. Throws system_error or operation_denied, naming
    /// the path.
    void give(const std::vector<OwnedFile>& files) const;
    /// Takes them back, as far as they are still there. Does not throw: a guest that ended must not fail at this.
    /// Returns what went wrong, a sentence a file.
    std::vector<std::string> restore(const std::vector<OwnedFile>& files) const noexcept;
    /// Gives one file or folder for good (a guest's own folder); no note of the former owner.
    void give_for_good(const std::string& path) const;

    uint32_t uid() const { return uid_; }
    uint32_t gid() const { return gid_; }

private:
    void give_one(const OwnedFile& wanted) const;
    void restore_one(const OwnedFile& wanted) const;

    uint32_t uid_;
    uint32_t gid_;
    bool remember_;
};

}  // namespace virtue::qemu
