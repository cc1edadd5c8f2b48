from tests.malformed.run import main

main()
