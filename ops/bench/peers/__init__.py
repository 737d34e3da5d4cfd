"""The same job for other queue libraries, each as its own guide has it, in an environment of their own."""
