// Package files reads manifests from disk and watches them: the file source of "fairlead run -f DIR".
//
// A path is a directory (its *.yaml, *.yml and *.json files and those of its sub-directories; names that start with
// "." are left out, symbolic links to files are followed, to directories not), a file, or, for [Load] only, "-"
// for standard input.
//
//	fsnotify, poll ─► debounce ─► scan (what changed by inode, time, size) ─► read, split, decode changed documents
//	                                                                              └► table ─► Batch
//
// What stays live when a file goes bad: an object's last good version stays as long as its document is there and
// bad. While a file holds a document whose object cannot be told, or cannot be read, nothing that came from the
// file goes away. An object leaves when its document does. One object in two places counts where it comes first, in
// the order of the given paths, then of file names, then of position.
//
// A file that was cut to nothing is taken as half-written for a second, since many programs truncate before they write.
//
// It is not for clusters and knows nothing of what objects mean. Source.Run is one goroutine, with helpers while
// documents are decoded.
package files
