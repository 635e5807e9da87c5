// Package repotest tests the module as a whole: the imports and the exported API of its packages,
// and whether its documents name files and tests that exist. It contains only tests.
package repotest
