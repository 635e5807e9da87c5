// Package repotest holds the tests of the module as a whole: what its packages import and
// export, and that its documents name files that exist. It has no code of its own.
package repotest
