#include "drivers/qemu/nvram.h"

#include <unistd.h>
#include <filesystem>

#include "base/error.h"
#include "drivers/qemu/live_definition.h"
#include "io/files.h"
#include "io/offload.h"

namespace virtue::qemu {

Task<void> prepare_nvram(Core& core, Run& run, bool reset) {
    std::string path = nvram_path(*run.domain);
    std::string from = nvram_template(*run.domain);
    if (path.empty()) co_return;
    auto user = core.guest_user;
    auto work = [path, from, reset, user] {
        bool exists = std::filesystem::exists(path);
        if (exists && !reset) return;
        if (from.empty()) {
            fail(ErrorCode::operation_failed, ErrorDomain::qemu, "unable to find any master var store for loader: {}",
                 path);
        }
        io::make_folders(path.substr(0, path.rfind('/')), 0755);
        io::write_file_atomically(path, io::read_file(from, 256 << 20), 0600);
        if (user && ::lchown(path.c_str(), user->uid, user->gid) != 0) {
            throw Error::from_errno(errno, ErrorDomain::qemu, "cannot give '" + path + "' to the guest's user");
        }
    };
    co_await io::offload(core.loop, std::move(work));
}

}  // namespace virtue::qemu
