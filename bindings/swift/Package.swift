// swift-tools-version: 6.0
import PackageDescription

// `test` fills Generated/. On Linux it holds the core's header and a module map, and the library is linked from
// where cargo built it; on a Mac, an XCFramework with the static library of each platform.
#if os(Linux)
    let library = Context.environment["FIRSTHOURS_LIBRARY"] ?? "../../target/bindings/swift/lib"
    let foreign: Target = .systemLibrary(name: "firsthoursFFI", path: "Generated/firsthoursFFI")
    // The last flag: Observation of Swift 6.0 on Linux names a symbol that no library has; 6.2 does not.
    let link: [LinkerSetting] = [
        .linkedLibrary("firsthours"),
        .unsafeFlags([
            "-L\(library)", "-Xlinker", "-rpath", "-Xlinker", library, "-Xlinker", "--allow-shlib-undefined",
        ]),
    ]
#else
    let foreign: Target = .binaryTarget(name: "firsthoursFFI", path: "Generated/firsthoursFFI.xcframework")
    let link: [LinkerSetting] = []
#endif

let package = Package(
    name: "FirstHours",
    platforms: [.iOS(.v17), .macOS(.v14)],
    products: [.library(name: "FirstHoursKit", targets: ["FirstHoursKit"])],
    targets: [
        foreign,
        .target(
            name: "FirstHoursBindings", dependencies: ["firsthoursFFI"], path: "Generated/FirstHoursBindings",
            linkerSettings: link),
        .target(name: "FirstHoursKit", dependencies: ["FirstHoursBindings"]),
        // A phone that tests can kill.
        .executableTarget(name: "recorder", dependencies: ["FirstHoursKit", "Night"], path: "Tests/Recorder"),
        .target(name: "Night", dependencies: ["FirstHoursKit"], path: "Tests/Night"),
        .testTarget(name: "FirstHoursKitTests", dependencies: ["FirstHoursKit", "Night", "recorder"]),
    ],
    swiftLanguageModes: [.v6]
)
